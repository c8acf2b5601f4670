import { readFileSync } from "node:fs";
import { join } from "node:path";
import { certificatesDirectory, readClusterFile, urlOf } from "../cluster/cluster-file.ts";
import { CommandFailure, exitCode } from "../exit.ts";
import type { EndpointOptions } from "./endpoint-options.ts";
import type { Trust } from "./http.ts";

/** Where nodes serve when nobody says otherwise: the first three of a local cluster. */
const usualEndpoints = "127.0.0.1:12380,127.0.0.1:22380,127.0.0.1:32380";
const endpointsMax = 64;

/** Whom to ask, and how to know them. */
export interface Servers {
  /** Base addresses, at least one. */
  readonly endpoints: readonly string[];
  readonly trust: Trust;
}

/** Whom to ask: the flag, else `QUORATE_ENDPOINTS`, else the cluster that runs in `directory`, else the usual ports. */
export function findServers(options: EndpointOptions, env: NodeJS.ProcessEnv, directory = ".quorate"): Servers {
  const trust = readTrust(options, env);
  const scheme = Object.keys(trust).length > 0 ? "https" : "http";
  const { endpoints: flag } = options;
  if (flag !== undefined) return { endpoints: parseEndpoints(flag, scheme, "--endpoints"), trust };
  const { QUORATE_ENDPOINTS: variable } = env;
  if (variable) return { endpoints: parseEndpoints(variable, scheme, "QUORATE_ENDPOINTS"), trust };
  const cluster = readClusterFile(directory);
  if (cluster?.running === undefined) return { endpoints: parseEndpoints(usualEndpoints, scheme, ""), trust };
  const endpoints = cluster.nodes.map(({ http }) => urlOf(http, cluster.tls));
  return { endpoints, trust: cluster.tls ? { ...clientTrust(certificatesDirectory(directory)), ...trust } : trust };
}

/** What clients of a local cluster with certificates have. */
export function clientTrust(directory: string): Trust {
  const file = (name: string): Buffer => readPem(join(directory, name), directory);
  return { ca: file("ca.pem"), cert: file("client.pem"), key: file("client-key.pem") };
}

function readTrust(options: EndpointOptions, env: NodeJS.ProcessEnv): Trust {
  const given = { cacert: "QUORATE_CACERT", cert: "QUORATE_CERT", key: "QUORATE_KEY" } as const;
  const [ca, cert, key] = (["cacert", "cert", "key"] as const).map((name) => {
    const variable = env[given[name]];
    if (options[name] !== undefined) return readPem(options[name], `--${name}`);
    return variable ? readPem(variable, given[name]) : undefined;
  });
  if ((cert === undefined) !== (key === undefined)) {
    throw new CommandFailure(exitCode.usage, "--cert and --key go together");
  }
  return { ...(ca && { ca }), ...(cert && key && { cert, key }) };
}

function readPem(path: string, origin: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const problem = `${origin}: ${path} cannot be read: ${(cause as Error).message}`;
    throw new CommandFailure(exitCode.usage, problem, { cause });
  }
}

function parseEndpoints(list: string, scheme: string, origin: string): string[] {
  const endpoints = list.split(",").map((entry) => {
    const text = entry.trim();
    const endpoint = parseEndpoint(text, scheme);
    if (endpoint !== undefined) return endpoint;
    throw new CommandFailure(exitCode.usage, `${origin}: ${text} is no endpoint; write host:port or http://host:port`);
  });
  if (endpoints.length > endpointsMax)
    throw new CommandFailure(exitCode.usage, `${origin}: more than ${endpointsMax} endpoints`);
  return endpoints;
}

/** A URL may leave out its port, which is then known; a bare word with none is a typing error sooner than a host. */
function parseEndpoint(text: string, scheme: string): string | undefined {
  const address = /^https?:\/\//.test(text) ? text : /:\d+$/.test(text) ? `${scheme}://${text}` : "";
  if (!URL.canParse(address)) return undefined;
  const { origin, pathname, search } = new URL(address);
  return pathname === "/" && search === "" ? origin : undefined;
}
