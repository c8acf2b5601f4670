import { afterAll, describe, expect, test } from "vitest";
import { loopback, RecordingOwner, transportConformance } from "../../../../test/conformance/transport.ts";
import { Authority } from "../../../../test/support/certificates.ts";
import { retryMs } from "../links/link.ts";
import { tcpTransport } from "./tcp.ts";

const authority = new Authority();
const anyone = authority.issue("anyone", ["a", "b", "c", "d", "10.0.0.1", "fd00::2"]);

afterAll(() => authority[Symbol.dispose]());

transportConformance("tcp", () => loopback(tcpTransport));
transportConformance("tcp with TLS", () => loopback(tcpTransport, anyone));

describe("tcpTransport", () => {
  test("waits longer after each failure, up to a second, never in step with others", () => {
    const waits = (random: () => number) => [0, 1, 2, 5, 6, 1000].map((failures) => retryMs(failures, random));

    expect(waits(() => 0)).toEqual([10, 20, 40, 320, 500, 500]);
    expect(waits(() => 1)).toEqual([20, 40, 80, 640, 1000, 1000]);
  });

  test.each([
    ["listen", { listen: { host: "127.0.0.1", port: 65_536 } }],
    ["frameBytesMax", { frameBytesMax: 0 }],
    ["queueBytesMax", { frameBytesMax: 1000, queueBytesMax: 1004 }],
    ["handshakeMs", { handshakeMs: 0 }],
    ["beatMs", { beatMs: Number.NaN }],
  ])("refuses an unusable %s", (option, options) => {
    const make = () => tcpTransport({ listen: { host: "127.0.0.1", port: 0 }, notice: () => {}, ...options });

    expect(make).toThrow(option);
  });

  test("says which listen address is not this machine's", async () => {
    const elsewhere = tcpTransport({ listen: { host: "192.0.2.1", port: 0 }, notice: () => {} });

    const starting = elsewhere.start(new RecordingOwner("x"));

    await expect(starting).rejects.toMatchObject({ code: "QUORATE_OPTION", option: "listen" });
    await elsewhere.close();
  });
});
