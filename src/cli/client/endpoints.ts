import { readClusterFile } from "../cluster/cluster-file.ts";
import { CommandFailure, exitCode } from "../exit.ts";

/** Where nodes serve when nobody says otherwise: the first three of a local cluster. */
const usualEndpoints = "http://127.0.0.1:12380,http://127.0.0.1:22380,http://127.0.0.1:32380";
const endpointsMax = 64;

/** Whom to ask: the flag, else `QUORATE_ENDPOINTS`, else the cluster that runs in `directory`, else the usual ports. */
export function findEndpoints(flag: string | undefined, env: NodeJS.ProcessEnv, directory = ".quorate"): string[] {
  if (flag !== undefined) return parseEndpoints(flag, "--endpoints");
  if (env.QUORATE_ENDPOINTS) return parseEndpoints(env.QUORATE_ENDPOINTS, "QUORATE_ENDPOINTS");
  const cluster = readClusterFile(directory);
  if (cluster?.running !== undefined) return cluster.nodes.map(({ http }) => `http://127.0.0.1:${http}`);
  return usualEndpoints.split(",");
}

function parseEndpoints(list: string, origin: string): string[] {
  const endpoints = list.split(",").map((entry) => {
    const text = entry.trim();
    const endpoint = parseEndpoint(text);
    if (endpoint !== undefined) return endpoint;
    throw new CommandFailure(exitCode.usage, `${origin}: ${text} is no endpoint; write host:port or http://host:port`);
  });
  if (endpoints.length > endpointsMax)
    throw new CommandFailure(exitCode.usage, `${origin}: more than ${endpointsMax} endpoints`);
  return endpoints;
}

/** A URL may leave out its port, which is then known; a bare word with none is a typing error sooner than a host. */
function parseEndpoint(text: string): string | undefined {
  const address = /^https?:\/\//.test(text) ? text : /:\d+$/.test(text) ? `http://${text}` : "";
  if (!URL.canParse(address)) return undefined;
  const { origin, pathname, search } = new URL(address);
  return pathname === "/" && search === "" ? origin : undefined;
}
