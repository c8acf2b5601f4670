import { type TransportNetwork, transportConformance } from "../../../test/conformance/transport.ts";
import { MemoryNetwork } from "./memory.ts";
import type { Transport } from "./transport.ts";

function memoryNetwork(): TransportNetwork {
  const network = new MemoryNetwork();
  const addresses = new Map<Transport, string>();
  return {
    open: ({ address = `place-${addresses.size}`, queueBytesMax }) => {
      const transport = network.transport(address, queueBytesMax === undefined ? {} : { queueBytesMax });
      addresses.set(transport, address);
      return transport;
    },
    addressOf: (transport) => addresses.get(transport) ?? "",
    frameBytesMax: 1024 * 1024,
    queueBytesMin: 10_000,
  };
}

transportConformance("memory", memoryNetwork);
