import { type EventEmitter, once } from "node:events";
import { AddressInUseError, OptionError } from "../errors.ts";

/**
 * Has `server` listen, by `listen`, and resolves once it does; `address` is for messages.
 *
 * Throws `AddressInUseError`, or `OptionError` that names `option` for an address that is not this machine's.
 */
export async function listening(
  server: EventEmitter,
  listen: () => void,
  address: string,
  option: string = "listen",
): Promise<void> {
  try {
    listen();
    await once(server, "listening");
  } catch (cause) {
    const error = cause as NodeJS.ErrnoException;
    if (error.code === "EADDRINUSE") throw new AddressInUseError(address, { cause });
    throw new OptionError(option, `cannot listen on ${address}: ${error.message}`);
  }
}
