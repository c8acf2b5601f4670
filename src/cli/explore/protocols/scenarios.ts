import type { Words } from "../reader.ts";

/** Scenarios of one protocol, by name. */
type Scenarios = Readonly<Record<string, { readonly about: string; readonly limits: object; readonly bounds: object }>>;

/** What options are that were left out: as the scenario has them. */
export function scenarioWords(scenarios: Scenarios, { scenario }: Words, usual: string): Record<string, string> {
  const { limits, bounds } = scenarios[String(scenario ?? usual)] ?? {};
  const all = Object.entries({ ...limits, ...bounds, scenario: usual });
  return Object.fromEntries(all.map(([name, value]) => [name, String(value)]));
}

/** Each scenario with its own numbers, for the help. */
export function scenarioHelp(scenarios: Scenarios): string {
  const lines = Object.entries(scenarios).map(([name, { about, limits, bounds }]) => {
    const own = Object.entries({ ...limits, ...bounds }).filter(([, value]) => value !== 0);
    return `  ${name}: ${about}\n    ${own.map(([what, value]) => `${what} ${value}`).join(", ")}`;
  });
  return `Scenarios, each with its own numbers unless options say otherwise:\n${lines.join("\n")}`;
}
