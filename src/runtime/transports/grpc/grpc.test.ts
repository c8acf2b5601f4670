import { afterAll } from "vitest";
import { loopback, transportConformance } from "../../../../test/conformance/transport.ts";
import { Authority } from "../../../../test/support/certificates.ts";
import { grpcTransport } from "./grpc.ts";

const authority = new Authority();
const anyone = authority.issue("anyone", ["a", "b", "c", "d", "10.0.0.1", "fd00::2"]);

afterAll(() => authority[Symbol.dispose]());

transportConformance("grpc", () => loopback(grpcTransport));
transportConformance("grpc with TLS", () => loopback(grpcTransport, anyone));
