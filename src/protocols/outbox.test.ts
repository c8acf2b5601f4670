import fc from "fast-check";
import { expect, test } from "vitest";
import type { Core, Input, Outbox, Vocabulary } from "./core.ts";
import { Gate } from "./outbox.ts";

interface Words extends Vocabulary {
  readonly message: string;
  readonly request: (out: Outbox<Words>) => void;
  readonly record: string;
  readonly output: string;
}

/** A core that does what it is asked to: a request is what to call on the outbox. */
class Puppet implements Core<Words, object> {
  step(inputs: readonly Input<Words>[], _now: number, out: Outbox<Words>): void {
    for (const input of inputs) if (input.kind === "request") input.request(out);
  }

  inspect(): object {
    return {};
  }
}

/** A gate and what it let out, in order. */
function newGate() {
  const gate = new Gate(new Puppet());
  const effects: string[] = [];
  const step = (...inputs: readonly Input<Words>[]): string[] => {
    effects.length = 0;
    gate.step(inputs, 0, {
      send: (to, message) => effects.push(`${to} ${message}`),
      persist: (records) => effects.push(`store ${records.join()}`),
      output: (output) => effects.push(output),
    });
    return [...effects];
  };
  const ask = (request: Words["request"]) => step({ kind: "request", request });
  const persisted = (count: number) => step({ kind: "persisted", count });
  return { gate, step, ask, persisted };
}

test("effects leave in order: what may overtake the disk, records, what need not wait, outputs", () => {
  const { ask } = newGate();

  const effects = ask((out) => {
    out.output("told");
    out.send("b", "bound to nothing");
    out.persist("x");
    out.sendAhead("b", "ahead");
    out.send("b", "bound to x");
  });

  expect(effects).toEqual(["b ahead", "store x", "b bound to nothing", "told"]);
});

test("a message waits for the records before it, and for no later one", () => {
  const { ask, persisted } = newGate();
  ask((out) => {
    out.persist("x");
    out.send("b", "after x");
    out.persist("y");
    out.send("c", "after y");
  });

  expect([persisted(0), persisted(1), persisted(2)]).toEqual([[], ["b after x"], ["c after y"]]);
});

test("messages leave first in, first out: one that waits holds up those behind it", () => {
  const { ask, persisted } = newGate();
  ask((out) => {
    out.persist("x");
    out.send("b", "one");
  });

  const meanwhile = ask((out) => out.send("c", "two"));

  expect([meanwhile, persisted(1)]).toEqual([[], ["b one", "c two"]]);
});

test("with nothing pending a message leaves at once", () => {
  const { ask, persisted } = newGate();
  ask((out) => out.persist("x"));
  persisted(1);

  expect(ask((out) => out.send("b", "m"))).toEqual(["b m"]);
});

test("records are numbered from 1 across steps, and those pending are counted", () => {
  const { gate, ask, persisted } = newGate();
  const numbers: number[] = [];

  ask((out) => numbers.push(out.persist("x"), out.persist("y")));
  ask((out) => numbers.push(out.persist("z")));
  persisted(2);

  expect(numbers).toEqual([1, 2, 3]);
  expect(gate.pendingCount).toBe(1);
});

test("a message sent in the step that brings the news of durability leaves in it", () => {
  const { ask, step } = newGate();
  ask((out) => out.persist("x"));

  const effects = step(
    { kind: "persisted", count: 1 },
    { kind: "request", request: (out) => out.send("b", "after x") },
  );

  expect(effects).toEqual(["b after x"]);
});

test("nothing of a step that threw is let out", () => {
  const { ask } = newGate();
  const broken = (out: Outbox<Words>) => {
    out.sendAhead("b", "ahead");
    out.persist("x");
    out.output("told");
    throw new Error("broken");
  };

  let seen: string[] = [];
  expect(() => {
    seen = ask(broken);
  }).toThrow("broken");

  expect(seen).toEqual([]);
});

test("durable records stay durable, and only what was asked for becomes so", () => {
  const { ask, persisted } = newGate();
  ask((out) => out.persist("x"));
  persisted(1);

  expect(() => persisted(0)).toThrow("durable records stay durable");
  expect(() => persisted(2)).toThrow("only records that were asked for");
});

test("whatever is asked for, no message leaves before its records, none is lost, and order holds", () => {
  const action = fc.oneof(
    fc.constant({ kind: "persist" } as const),
    fc.constant({ kind: "send" } as const),
    fc.record({ kind: fc.constant("durable" as const), more: fc.nat(3) }),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const { ask, persisted } = newGate();
      let [recordCount, durableCount, sentCount] = [0, 0, 0];
      const left: { readonly number: number; readonly after: number }[] = [];
      const note = (effects: readonly string[]) => {
        for (const effect of effects) {
          const [, number, after] = /^b (\d+) after (\d+)$/.exec(effect) ?? [];
          if (number === undefined) continue;
          left.push({ number: Number(number), after: Number(after) });
          expect(Number(after)).toBeLessThanOrEqual(durableCount);
        }
      };
      for (const each of actions) {
        if (each.kind === "persist") note(ask((out) => (recordCount = out.persist("r"))));
        else if (each.kind === "send") note(ask((out) => out.send("b", `${++sentCount} after ${recordCount}`)));
        else {
          durableCount = Math.min(recordCount, durableCount + each.more);
          note(persisted(durableCount));
        }
      }
      durableCount = recordCount;
      note(persisted(durableCount));
      expect(left.map(({ number }) => number)).toEqual(Array.from({ length: sentCount }, (_, at) => at + 1));
    }),
  );
});
