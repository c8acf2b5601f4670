import { type Line, show } from "./lines.ts";
import { lineError } from "./pairing.ts";

/** `INFO  jepsen.util - 0	:invoke	:read	nil`, or without the dash, as newer versions write it. */
const operation = /\bjepsen\.util(?:\s+-)?\s+(\S+)\s+:(\S+)\s+:(\S+)\s+(\S.*)$/;
/** A line of some other part of Jepsen. */
const chatter = /^(?:DEBUG|INFO|WARN|ERROR)\s(?!.*\bjepsen\.util\b)/;

/** Reads a line of Jepsen's own log; `undefined` for lines that tell of no client's call. */
export function readJepsenLine(number: number, text: string): Line | undefined {
  const [, process = "", type = "", f = "", rest = ""] = operation.exec(text.trimEnd()) ?? [];
  if (process === "") {
    if (chatter.test(text)) return undefined;
    throw lineError(number, `is no line of Jepsen's log: ${show(text)}`);
  }
  if (process.startsWith(":")) return undefined; // the nemesis
  if (!/^\d+$/.test(process)) throw lineError(number, `process must be a number, not ${show(process)}`);
  if (type !== "invoke" && type !== "ok" && type !== "fail" && type !== "info") {
    throw lineError(number, `type must be :invoke, :ok, :fail or :info, not ${show(type)}`);
  }
  const value = readValue(number, rest);
  const line = { number, process, type, f, time: undefined, fields: { value } } as const;
  return type === "fail" && !rest.startsWith(":") ? { ...line, isRefusal: true } : line;
}

/** `nil`, a number, a text, a keyword, or a list of these in brackets. */
function readValue(number: number, text: string): unknown {
  const list = /^\[(.*)\]$/.exec(text)?.[1];
  if (list !== undefined) return list.match(/"(?:[^"\\]|\\.)*"|\S+/g)?.map((each) => readValue(number, each)) ?? [];
  if (text === "nil") return null;
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  if (/^:\S+$/.test(text)) return text;
  if (/^"(?:[^"\\]|\\.)*"$/.test(text)) {
    try {
      return JSON.parse(text);
    } catch {
      throw lineError(number, `is a text that cannot be read: ${show(text)}`);
    }
  }
  throw lineError(number, `the value must be nil, a number, a text or a list of them, not ${show(text)}`);
}
