// Runs `cluster up` with stand-in nodes; arguments: the directory, the first port, further flags.
import { fileURLToPath } from "node:url";
import { up } from "../../dist/cli/cluster/up.js";

const [directory, portBase, ...flags] = process.argv.slice(2);
const standIn = fileURLToPath(new URL("./stand-in-node.js", import.meta.url));
up({
  directory,
  nodes: undefined,
  portBase: Number(portBase) || undefined,
  strictPorts: flags.includes("--strict-ports"),
  logs: false,
  json: flags.includes("--json"),
  serve: [process.execPath, standIn, "serve"],
  program: "quorate",
}).then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    console.error(error.message);
    process.exitCode = error.exit;
  },
);
