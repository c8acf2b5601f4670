import { Command } from "commander";
import { exitCode } from "../exit.ts";
import { parseWhole } from "../quantities.ts";
import { note, say } from "../terminal.ts";

/** A browser asks with a head alone. */
const bodyBytesMax = 1024;
const drainMs = 1000;

/** `quorate maelstrom serve`: the store in a browser. */
export function storeCommand(): Command {
  return new Command("serve")
    .summary("show the results of tests in a browser")
    .description("Serves the store on this machine's own address, until it is interrupted.")
    .option("--store <directory>", "where results are kept", "store")
    .option("--port <number>", "0: any that is free", "8080")
    .action(async ({ store, port }: { store: string; port: string }) => {
      const host = "127.0.0.1";
      const { mkdirSync } = await import("node:fs");
      const { listen } = await import("../../services/http/listener.ts");
      const { storeApp } = await import("./store-server.ts");
      mkdirSync(store, { recursive: true });
      const options = { host, port: parseWhole(port, "--port", 0, 65_535) ?? 0, bodyBytesMax, drainMs };
      const listening = await listen(storeApp(store, host), { ...options, onError: (error) => note(error.message) });
      say(`http://${host}:${listening.port}/`);
      await new Promise((resolve) => {
        for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, resolve);
      });
      await listening.close();
      process.exitCode = exitCode.yes;
    });
}
