import { describe, expect, test } from "vitest";
import { data, frame, header, LoneMember, says } from "../../../test/support/total-order-member.ts";

/** All that is sent to others. */
const sends = (words: readonly string[]) => words.filter((word) => word.startsWith("→"));

describe("L1 send", () => {
  test("a request leaves at once when all is quiet, with the next number and a larger timestamp than any seen", () => {
    const member = new LoneMember();
    member.hear("a", says(7, 0, [0, 0, 0]));

    expect(member.multicast("x")).toEqual(["→ a c data #1 @8 x, clock 8, sent 1, has [0,1,0]"]);
  });

  test("beyond two frames that are not delivered the backlog waits, and leaves as one frame", () => {
    const member = new LoneMember();
    member.multicast("x");
    member.multicast("y");

    expect(member.multicast("z", "w")).toEqual([]);
    member.hear("a", says(1, 0, [0, 1, 0]));
    const words = member.hear("c", says(1, 0, [0, 1, 0]));

    expect(words).toContain("→ a c data #3 @3 z,w, clock 3, sent 3, has [0,3,0]");
  });

  test("a full frame does not wait for those before it", () => {
    const member = new LoneMember({ options: { frameBytesMax: 30 } });
    member.multicast("x");
    member.multicast("y");

    expect(sends(member.multicast("long enough", "to fill one"))).toHaveLength(1);
  });

  test("a window of frames that are not known to be everywhere, or not delivered, stops even full frames", () => {
    const member = new LoneMember({ options: { frameBytesMax: 10, windowFrames: 3 } });
    for (let each = 0; each < 5; each++) member.multicast("0123456789");

    expect(member.state.peers[1]?.received).toBe(3);
    expect(member.state.backlog).toHaveLength(2);
  });

  test("so does a window of bytes", () => {
    const member = new LoneMember({
      options: { frameBytesMax: 40, payloadBytesMax: 40, windowBytes: 90, membersMax: 3 },
    });
    for (let each = 0; each < 5; each++) member.multicast("0123456789012345678901234567890123456789");

    expect(member.state.peers[1]?.received).toBe(1);
  });

  test("who has no state yet multicasts nothing", () => {
    const member = new LoneMember({ members: ["a", "b*", "c"] });

    expect(sends(member.multicast("x"))).toEqual([]);
  });

  test("what cannot be taken is refused: too large, or with a full backlog", () => {
    const member = new LoneMember({ options: { payloadBytesMax: 3, backlogMax: 1 } });

    expect(member.multicast("four")).toEqual(["refused #1: too-large"]);
    expect(member.multicast("x", "y")).toContain("refused #3: backlog-full");
  });
});

describe("L2 receive data", () => {
  test("a frame that was received before is answered to its sender alone: the acknowledgement was lost", () => {
    const member = new LoneMember();
    member.hear("a", data([1, 0, 0], frame(1, 1, "x")));

    expect(member.hear("a", data([1, 0, 0], frame(1, 1, "x")))).toEqual(["→ a null clock 1, sent 0, has [1,0,0]"]);
    expect(member.state.peers[0]?.received).toBe(1);
  });

  test("a frame beyond two windows counts as lost", () => {
    const member = new LoneMember({ options: { windowFrames: 2 } });
    member.hear("a", data([5, 0, 0], frame(5, 9, "x")));

    expect(member.state.peers[0]?.frames.size).toBe(0);
  });

  test("a frame before its time is held, and received with those that it follows", () => {
    const member = new LoneMember();
    member.hear("a", data([2, 0, 0], frame(2, 5, "y")));
    expect(member.state.peers[0]).toMatchObject({ received: 0, heard: 0 });

    member.hear("a", data([2, 0, 0], frame(1, 3, "x"), 5));

    expect(member.state.peers[0]).toMatchObject({ received: 2, heard: 5 });
    expect(member.state.clock).toBe(5);
  });
});

describe("L3 receive a header", () => {
  test("acknowledgements are merged by the maximum", () => {
    const member = new LoneMember();
    member.multicast("x");
    member.hear("a", says(1, 0, [0, 1, 0]));
    member.hear("a", says(0, 0, [0, 0, 0])); // an older one that was late

    expect(member.state.peers[0]?.acks).toEqual([0, 1, 0]);
  });

  test("the clock is raised by what others say", () => {
    const member = new LoneMember();
    member.hear("a", says(41, 0, [0, 0, 0]));

    expect(member.state.clock).toBe(41);
  });

  test("a clock counts as heard only once all that was sent before it is here", () => {
    const member = new LoneMember();
    member.hear("a", says(9, 2, [2, 0, 0]));
    expect(member.state.peers[0]?.heard).toBe(0);
    member.hear("a", data([2, 0, 0], frame(1, 3, "x"), 9));
    expect(member.state.peers[0]?.heard).toBe(3);

    member.hear("a", data([2, 0, 0], frame(2, 5, "y"), 9));

    expect(member.state.peers[0]?.heard).toBe(9);
  });
});

describe("L4 deliver", () => {
  test("the least timestamp comes first, whatever arrived first", () => {
    const member = new LoneMember({ options: { delivery: "agreed" } });
    member.hear("c", data([0, 0, 1], frame(1, 6, "later")));
    member.hear("a", data([1, 0, 0], frame(1, 2, "earlier"), 7));

    expect(member.delivered).toEqual(["earlier", "later"]);
  });

  test("of equal timestamps the least node comes first", () => {
    const member = new LoneMember({ options: { delivery: "agreed" } });
    member.hear("c", data([0, 0, 1], frame(1, 2, "of c")));
    member.hear("a", data([1, 0, 0], frame(1, 2, "of a")));

    expect(member.delivered).toEqual(["of a", "of c"]);
  });

  test("nothing is delivered before every member was heard up to its timestamp", () => {
    const member = new LoneMember({ options: { delivery: "agreed" } });
    member.hear("a", data([1, 0, 0], frame(1, 5, "x")));
    member.hear("c", says(4, 0, [0, 0, 0]));
    expect(member.delivered).toEqual([]);

    member.hear("c", says(5, 0, [0, 0, 0]));

    expect(member.delivered).toEqual(["x"]);
  });

  test("uniform delivery waits until a majority holds a message, agreed delivery does not", () => {
    const [uniform, agreed] = (["uniform", "agreed"] as const).map((delivery) => {
      const member = new LoneMember({ members: ["a", "b", "c", "d", "e"], options: { delivery } });
      member.hear("a", data([1, 0, 0, 0, 0], frame(1, 5, "x")));
      for (const each of ["c", "d", "e"]) member.hear(each, says(5, 0, [0, 0, 0, 0, 0]));
      return member;
    });
    expect(agreed?.delivered).toEqual(["x"]);
    expect(uniform?.delivered).toEqual([]);

    uniform?.hear("d", says(5, 0, [1, 0, 0, 0, 0])); // with a, and here

    expect(uniform?.delivered).toEqual(["x"]);
  });

  test("a member alone delivers in the step of the request, in order", () => {
    const member = new LoneMember({ members: ["b"] });
    member.multicast("x", "y");

    expect(member.delivered).toEqual(["x", "y"]);
  });
});

describe("L5 answer at once", () => {
  test("a new frame is answered to all in the same step, with clock and acknowledgement", () => {
    const member = new LoneMember();

    expect(member.hear("a", data([1, 0, 0], frame(1, 3, "x")))).toEqual(["→ a c null clock 3, sent 0, has [1,0,0]"]);
  });

  test("a frame of our own that leaves in the step is the answer", () => {
    const member = new LoneMember();
    const request = { kind: "multicast", id: 9, payload: new Uint8Array(1) } as const;
    const input = member.message("a", data([1, 0, 0], frame(1, 3, "x")));

    const words = sends(member.take(input, { kind: "request", request }));

    expect(words).toHaveLength(1);
    expect(words[0]).toContain("data #1 @4");
  });

  test("nothing without a frame is ever answered to all, whatever it brings", () => {
    const member = new LoneMember();
    member.multicast("x");

    for (const missing of [false, true]) {
      const words = member.hear("a", says(50, 0, [0, 1, 0], missing));
      expect(words.filter((word) => word.startsWith("→ a c"))).toEqual([]);
    }
    expect(member.hear("c", says(60, 3, [0, 0, 3]))).toEqual([]); // not even that frames are missing
  });

  test("agreed delivery answers only those who lack our clock", () => {
    const member = new LoneMember({ options: { delivery: "agreed" } });
    member.hear("c", says(9, 0, [0, 0, 0]));
    member.tick(5); // the keep-alive tells 9

    expect(sends(member.hear("a", data([1, 0, 0], frame(1, 4, "x"))))).toEqual([]);
  });
});

describe("L6 repeat", () => {
  const repeatsTo = (words: readonly string[], node: string) =>
    words.filter((word) => word.startsWith(`→ ${node} data`)).length;

  test("what a member has not acknowledged is repeated to it alone, after longer and longer delays", () => {
    const member = new LoneMember();
    member.multicast("x");
    member.hear("c", says(1, 0, [0, 1, 0]));
    const ticks: number[] = [];
    for (let tick = 1; tick <= 100; tick++) {
      const words = member.tickHearing(1, "a", "c");
      if (repeatsTo(words, "a") > 0) ticks.push(tick);
      expect(repeatsTo(words, "c")).toBe(0);
    }

    const gaps = ticks.map((tick, at) => tick - (ticks[at - 1] ?? 0));
    expect(gaps[0]).toBe(4);
    for (const [at, expected] of [4, 8, 16, 32].entries()) {
      expect(Math.abs((gaps[at] ?? 0) - expected)).toBeLessThanOrEqual(expected / 4);
    }
  });

  test("keep-alives do not push the repeat back, and progress lets it start anew", () => {
    const member = new LoneMember({ options: { keepAliveTicks: 1, suspectTicks: 30 } });
    member.multicast("x");
    member.multicast("y");

    expect(repeatsTo(member.tickHearing(4, "c"), "a")).toBe(2); // at most resendFrames, both of them
    member.hear("a", says(1, 0, [0, 1, 0]));
    expect(member.state.peers[0]?.resend).toEqual({ leftTicks: 4, delayTicks: 4 });
  });

  test("a gap is told to its sender, once a tick", () => {
    const member = new LoneMember();

    expect(member.hear("a", data([3, 0, 0], frame(2, 5, "y"), 7))).toContain(
      "→ a null clock 7, sent 0, has [0,0,0], missing",
    );
    expect(member.hear("a", data([3, 0, 0], frame(3, 7, "z"))).join()).not.toContain("missing");
    member.tick();
    expect(member.hear("a", data([4, 0, 0], frame(4, 8, "w"))).join()).toContain("missing");
  });

  test("a sender that hears of the same gap twice repeats at once", () => {
    const member = new LoneMember();
    member.multicast("x");

    expect(repeatsTo(member.hear("a", says(0, 0, [0, 0, 0], true)), "a")).toBe(0);
    expect(repeatsTo(member.hear("a", says(0, 0, [0, 0, 0], true)), "a")).toBe(1);
  });
});

describe("L7 forget", () => {
  test("a frame is forgotten once it is delivered here and every member is known to hold it, not before", () => {
    const member = new LoneMember();
    member.hear("a", data([1, 0, 0], frame(1, 1, "x")));
    member.hear("c", says(1, 0, [0, 0, 0]));
    expect(member.delivered).toEqual(["x"]);
    expect(member.state.peers[0]?.frames.size).toBe(1);

    member.hear("c", says(1, 0, [1, 0, 0]));

    expect(member.state.peers[0]).toMatchObject({ forgotten: 1, bytes: 0 });
    expect(member.state.peers[0]?.frames.size).toBe(0);
  });
});

describe("L8 keep-alive", () => {
  test("who had nothing to say for five ticks says so, and nothing is delivered to anyone", () => {
    const member = new LoneMember();

    expect(sends(member.tickHearing(4, "a", "c"))).toEqual([]);
    expect(sends(member.tickHearing(1, "a", "c"))).toEqual(["→ a c null clock 0, sent 0, has [0,0,0]"]);
    expect(member.delivered).toEqual([]);
  });

  test("a wedged member goes on saying what it said when it stopped", () => {
    const member = new LoneMember();
    member.hear("a", { kind: "prepare", ballot: { round: 1, node: "a" }, received: [0, 0, 0] });
    member.hear("c", data([0, 0, 1], frame(1, 8, "x")));

    expect(sends(member.tickHearing(5, "a", "c"))).toContain("→ a c null clock 0, sent 0, has [0,0,0]");
  });
});

describe("L9 back-pressure", () => {
  function slow(): LoneMember {
    const member = new LoneMember({ members: ["a", "b"], options: { unconsumedMax: 1, windowFrames: 2 } });
    for (let number = 1; number <= 6; number++) {
      member.hear("a", data([number, 0], frame(number, number, `m${number}`)));
    }
    return member;
  }

  test("what the owner does not take in is not delivered, and later not even received", () => {
    const member = slow();

    expect(member.delivered).toEqual(["m1"]);
    expect(member.state.peers[0]).toMatchObject({ received: 5, forgotten: 1 });
  });

  test("delivery goes on as the owner takes in", () => {
    const member = slow();
    member.request({ kind: "consumed", position: 1 });

    expect(member.delivered).toEqual(["m1", "m2"]);
  });

  test("a member whose acknowledgements stand still while frames wait for it is voted out", () => {
    const member = new LoneMember({ options: { stallTicks: 40 } });
    member.multicast("x");
    member.hear("a", says(1, 0, [0, 1, 0]));

    expect(member.tickHearing(39, "a", "c").join()).not.toContain("prepare");
    expect(member.tickHearing(20, "a", "c").join()).toContain("prepare");
  });
});

test("L9: a member that was not heard, or could not be acknowledged, is not taken for one that stands still", () => {
  const member = new LoneMember({ node: "b", options: { stallTicks: 40 } });
  member.multicast("x");
  member.tickHearing(10, "a", "c");
  member.tick(60);
  expect(member.state.peers[0]?.stalledTicks).toBeLessThan(40);
  member.hear("a", { kind: "prepare", ballot: { round: 9, node: "a" }, received: [0, 0, 0] });
  member.tickHearing(60, "a", "c");

  expect(member.state.peers[0]?.stalledTicks).toBeLessThan(40);
});

test("L10: a step that takes several frames answers once", () => {
  const member = new LoneMember();
  const words = member.take(
    member.message("a", data([1, 0, 0], frame(1, 3, "x"))),
    member.message("c", data([0, 0, 1], frame(1, 4, "y"))),
    member.message("a", data([2, 0, 0], frame(2, 5, "z"))),
  );

  expect(sends(words)).toEqual(["→ a c null clock 5, sent 0, has [2,0,1]"]);
});

describe("what comes from outside", () => {
  test("a message of another view, of another run of its sender, or with lists of another length is not taken in", () => {
    const member = new LoneMember();
    const before = structuredClone(member.state.peers);
    member.hear("a", data([1, 0, 0], frame(1, 3, "x")), { view: 2 });
    member.hear("a", data([1, 0, 0], frame(1, 3, "x")), { incarnation: 2 });
    member.hear("d", data([1, 0, 0], frame(1, 3, "x")));
    member.hear("a", data([1, 0], frame(1, 3, "x")));
    member.hear("a", { kind: "null", header: header(9, 0, [0, 0, 0, 7]), missing: false });

    expect(member.state.peers).toEqual(before);
    expect(member.state.clock).toBe(0);
  });

  test("a member that knows nothing new changes nothing", () => {
    const member = new LoneMember();

    expect(member.hear("a", says(0, 0, [0, 0, 0]))).toEqual([]);
  });
});
