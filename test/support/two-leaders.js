/** Leads as soon as it has heard of no leader for a while: wrong, because a leader may just be out of reach. */
class Impatient {
  constructor({ id, members }) {
    this.others = members.filter((other) => other !== id);
    this.patience = 10 * (1 + members.indexOf(id));
    this.state = { leads: false, silence: 0 };
  }

  inspect() {
    return this.state;
  }

  step(inputs, _now, out) {
    for (const { kind } of inputs) {
      if (kind === "receive") this.state = { leads: false, silence: 0 };
      if (kind !== "tick") continue;
      this.state.silence++;
      if (this.state.silence >= this.patience) this.state.leads = true;
      if (this.state.leads) for (const id of this.others) out.send(id, "I lead");
    }
  }
}

export default {
  members: 3,
  operations: 0,
  core: (start) => new Impatient(start),
  workload: () => "nothing",
  invariants: {
    "at most one member leads": ({ members }) => members.filter(({ isUp, state }) => isUp && state.leads).length <= 1,
  },
  leads: ({ leads }) => leads,
};
