import type { Codec } from "../../src/base/bytes.ts";
import { fromUtf8, toUtf8 } from "../../src/base/text.ts";
import type { Method, MethodKind } from "../../src/runtime/grpc/method.ts";

/** Texts as messages: bytes of UTF-8 and nothing else. */
const textCodec: Codec<string> = { encode: toUtf8, decode: fromUtf8 };

function method<Kind extends MethodKind>(kind: Kind, name: string): Method<Kind, string, string> {
  return { kind, path: `/quorate.test.Echo/${name}`, request: textCodec, response: textCodec };
}

/** A service that repeats what it hears. */
export const echo = {
  once: method("unary", "Once"),
  joined: method("client-streaming", "Joined"),
  spelled: method("server-streaming", "Spelled"),
  each: method("bidirectional", "Each"),
} as const;

/** The same for grpc-js. */
export const echoDefinition = Object.fromEntries(
  Object.values(echo).map(({ path, kind }) => [
    path.split("/").at(-1) ?? "",
    {
      path,
      requestStream: kind === "client-streaming" || kind === "bidirectional",
      responseStream: kind === "server-streaming" || kind === "bidirectional",
      requestSerialize: (text: string) => Buffer.from(text),
      requestDeserialize: (bytes: Buffer) => bytes.toString(),
      responseSerialize: (text: string) => Buffer.from(text),
      responseDeserialize: (bytes: Buffer) => bytes.toString(),
    },
  ]),
);
