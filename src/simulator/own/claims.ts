import { invariant } from "../../base/invariant.ts";

/** Something that must hold: when it does not, it returns `false` or what is wrong, or throws. */
export type Claim<Seen> = (seen: Seen) => boolean | string | undefined;

/** Claims by name. */
export type Claims<Seen> = Readonly<Record<string, Claim<Seen>>>;

/** What is wrong with the first claim that does not hold, behind its name; `undefined` when all hold. */
export function brokenClaim<Seen>(claims: Claims<Seen>, seen: Seen): string | undefined {
  for (const name of Object.keys(claims)) {
    const wrong = claims[name]?.(seen);
    if (wrong === false) return name;
    if (typeof wrong === "string") return `${name}: ${wrong}`;
  }
  return undefined;
}

/** Throws for the first claim that does not hold. */
export function checkClaims<Seen>(claims: Claims<Seen>, seen: Seen): void {
  const broken = brokenClaim(claims, seen);
  if (broken !== undefined) invariant(false, broken);
}
