import { type NodeOptions, OperatingError, openNode } from "../../src/runtime/index.ts";
import { journal } from "./journal.ts";

/** What a test asks of this process. */
export type Ask = { readonly number: number } & (
  | { readonly call: "execute"; readonly text: string; readonly key: string }
  | { readonly call: "read" | "status" | "close" }
);

// Runs the member that its arguments describe, does what it is told, and answers under the number of the question.
process.on("disconnect", () => process.exit());
const options: NodeOptions = JSON.parse(process.argv[2] ?? "{}");
const tell = (message: object) => process.send?.(message);

try {
  const node = await openNode({ ...options, machine: journal });
  const answer = async (ask: Ask): Promise<unknown> => {
    switch (ask.call) {
      case "execute":
        return await node.execute(ask.text, { key: ask.key });
      case "read":
        return await node.read();
      case "status":
        return node.status();
      case "close":
        return await node.close();
    }
  };
  process.on("message", (ask: Ask) => {
    answer(ask).then(
      (value) => tell({ number: ask.number, value }),
      (error: unknown) => tell({ number: ask.number, code: error instanceof OperatingError ? error.code : `${error}` }),
    );
  });
  tell({ opened: true });
} catch (error) {
  tell({ opened: false, code: error instanceof OperatingError ? error.code : `${error}` });
  process.disconnect();
}
