import * as v from "@badrap/valita";

type Issue = v.Err["issues"][number];
type Key = Issue["path"][number];

/** What is wrong with data from outside. */
export interface Complaint {
  /** The keys that lead there, joined by dots; or the name of the whole. */
  readonly place: string;
  /** What a person may read after the name of the place: "must be text". */
  readonly problem: string;
}

const sorts: Readonly<Record<string, string>> = {
  array: "a list",
  boolean: "true or false",
  number: "a number",
  object: "an object",
  string: "text",
};

/** The first thing that a check found wrong in what is called `whole`. */
export function firstComplaint({ issues: [issue] }: v.Err, whole: string): Complaint {
  if (issue === undefined) return { place: whole, problem: "is not valid" };
  const path: readonly Key[] =
    issue.code === "unrecognized_keys" ? [...issue.path, ...issue.keys.slice(0, 1)] : issue.path;
  return { place: path.length === 0 ? whole : path.join("."), problem: problemOf(issue) };
}

/** What `type` accepts; whatever is wrong with anything else, `problem` says it. */
export function saying<Value>(problem: string, type: v.Type<Value>): v.Type<Value> {
  return v.unknown().chain((value, options) => {
    const checked = type.try(value, options);
    return checked.ok ? checked : v.err(problem);
  });
}

function problemOf(issue: Issue): string {
  switch (issue.code) {
    case "missing_value":
      return "is missing";
    case "unrecognized_keys":
      return "is not known here";
    case "invalid_type":
      return `must be ${either(issue.expected.map((type) => sorts[type] ?? type))}`;
    case "invalid_literal":
      return `must be ${either(issue.expected.map(String))}`;
    case "custom_error":
      return issue.message ?? "is not valid";
    case "invalid_length":
    case "invalid_union":
      return "is not valid";
  }
}

function either(words: readonly string[]): string {
  return [words.slice(0, -1).join(", "), ...words.slice(-1)].filter((part) => part !== "").join(" or ");
}
