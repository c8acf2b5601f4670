import { expect, test } from "vitest";
import { newObjectsNode, serve } from "../../test/support/served.ts";
import { assemble } from "./server.ts";

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
}

interface Document {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly responses: Readonly<Record<string, unknown>> }>>>
  >;
}

/** What a reference leads to, or the thing itself. */
function resolve(document: Document, part: unknown): unknown {
  const reference = (part as Schema | undefined)?.$ref;
  if (reference === undefined) return part;
  return reference
    .split("/")
    .slice(1)
    .reduce<unknown>((inner, name) => (inner as Record<string, unknown>)?.[name], document);
}

/** Where `value` is not as `schema` says: types, fields missing, fields too many. */
function faults(document: Document, schema: unknown, value: unknown, place = "$"): string[] {
  const { type, properties, required = [], items } = resolve(document, schema) as Schema;
  const kind =
    value === null ? "null" : Array.isArray(value) ? "array" : Number.isInteger(value) ? "integer" : typeof value;
  if (type !== undefined && ![type].flat().includes(kind)) return [`${place}: ${kind} is not ${type}`];
  if (Array.isArray(value)) return value.flatMap((item, at) => faults(document, items, item, `${place}[${at}]`));
  if (properties === undefined) return [];
  const fields = value as Record<string, unknown>;
  const missing = required.filter((name) => !(name in fields)).map((name) => `${place}.${name} is missing`);
  const inside = Object.entries(fields).flatMap(([name, field]) =>
    properties[name] ? faults(document, properties[name], field, `${place}.${name}`) : [`${place}.${name} is unknown`],
  );
  return [...missing, ...inside];
}

test.each([
  ["POST /v1/stacks", "/v1/stacks", '{"id":"new"}'],
  ["POST /v1/stacks", "/v1/stacks", '{"id":1}'], // it exists
  ["GET /v1/stacks", "/v1/stacks", ""],
  ["POST /v1/stacks/1/push", "/v1/stacks/{stack}/push", '{"value":"x"}'],
  ["GET /v1/stacks/1", "/v1/stacks/{stack}", ""],
  ["GET /v1/stacks/1/top", "/v1/stacks/{stack}/top", ""],
  ["POST /v1/stacks/1/pop", "/v1/stacks/{stack}/pop", ""],
  ["POST /request", "/request", '{"entry":"x"}'],
  ["GET /log", "/log", ""],
  ["PUT /", "/", '{"key":"a","value":"1"}'],
  ["GET /?key=a", "/", ""],
  ["GET /", "/", ""],
  ["GET /v1/kv", "/v1/kv", ""],
  ["PUT /v1/kv/b", "/v1/kv/{key}", '{"value":"1"}'],
  ["GET /v1/kv/a", "/v1/kv/{key}", ""],
  ["GET /v1/kv/none", "/v1/kv/{key}", ""],
  ["GET /status", "/status", ""],
  ["GET /members", "/members", ""],
  ["POST /members", "/members", '{"id":"n3","address":"127.0.0.1:1"}'],
  ["PUT /members/n2", "/members/{id}", '{"address":"127.0.0.1:1"}'],
  ["DELETE /members/n2", "/members/{id}", ""],
  ["POST /members/n2/promote", "/members/{id}/promote", ""],
  ["POST /members/n9/promote", "/members/{id}/promote", ""], // there is no such member
  ["POST /leader", "/leader", '{"id":"n2"}'],
  ["GET /health", "/health", ""],
  ["GET /livez", "/livez", ""],
  ["GET /readyz", "/readyz", ""],
])("%s answers as /openapi.json says of %s", async (call, path, body) => {
  await using served = await serve();
  const document = (await served.send("GET /openapi.json")).json() as Document;
  await served.send("POST /v1/stacks", '{"id":1}');
  await served.send("POST /v1/stacks/1/push", '{"value":"x"}');
  await served.send("PUT /", '{"key":"a","value":"1"}');
  await served.send("POST /request", '{"entry":"x"}');

  const answer = await served.send(call, body);

  const operation = document.paths[path]?.[call.split(" ")[0]?.toLowerCase() ?? ""];
  const response = resolve(document, operation?.responses[answer.status]) as {
    readonly content: Readonly<Record<string, { readonly schema: Schema }>>;
  };
  expect(faults(document, response.content["application/json"]?.schema, answer.json())).toEqual([]);
});

test("/openapi.json describes every route but those of the plain-text form, and no other", async () => {
  await using served = await serve();
  const { app, stop } = assemble({ node: newObjectsNode(), host: "localhost", port: 0 }, 1000);
  stop();

  const { paths } = (await served.send("GET /openapi.json")).json() as { paths: Record<string, object> };

  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const routes = app.routes
    .filter(({ method, path }) => method !== "ALL" && !/^\/s[A-Z]/.test(path))
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)(\{[^}]*\})?/g, "{$1}")}`);
  expect(described.sort()).toEqual(routes.sort());
});

test("every reference in /openapi.json leads somewhere", async () => {
  await using served = await serve();

  const { text } = await served.send("GET /openapi.json");

  const document = JSON.parse(text) as object;
  const references = [...text.matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path ?? "");
  const targets = references.map((path) =>
    path.split("/").reduce<unknown>((part, name) => (part as Record<string, unknown> | undefined)?.[name], document),
  );
  expect(references.length).toBeGreaterThan(50);
  expect(targets).not.toContain(undefined);
});
