// A node of several workloads for tests of the workbench, which behaves as its first argument says.
import { createInterface } from "node:readline";

const [behaviour = "good"] = process.argv.slice(2);
const elements = new Set();
const values = new Map();
let self = "";
let peers = [];
let count = 0;
let handled = 0;

const send = (dest, body) => process.stdout.write(`${JSON.stringify({ src: self, dest, body })}\n`);
const reply = ({ src, body }, answer) => send(src, { ...answer, in_reply_to: body.msg_id });

const handlers = {
  init: (message) => {
    self = message.body.node_id;
    peers = message.body.node_ids.filter((id) => id !== self);
    console.error(`${self} behaves ${behaviour}`);
    if (behaviour === "mute") return;
    setTimeout(() => reply(message, { type: "init_ok" }), behaviour === "late" && self === "n1" ? 300 : 0);
  },
  topology: (message) => reply(message, { type: "topology_ok" }),
  echo: (message) => reply(message, { type: "echo_ok", echo: behaviour === "wrong" ? "no" : message.body.echo }),
  generate: (message) => reply(message, { type: "generate_ok", id: behaviour === "wrong" ? 7 : `${self} ${++count}` }),
  // An element goes to all others; one that is `good` says so until it is heard, one that is `forgetful` once, and one
  // that is `lazy` begins after three seconds.
  broadcast: (message) => {
    elements.add(message.body.message);
    reply(message, { type: "broadcast_ok" });
    const tellAll = () => {
      for (const peer of peers) tell(peer, message.body.message);
    };
    if (behaviour === "lazy") setTimeout(tellAll, 3000);
    else tellAll();
  },
  gossip: (message) => {
    elements.add(message.body.element);
    send(message.src, { type: "heard", number: message.body.number });
  },
  heard: ({ body }) => {
    clearInterval(values.get(body.number));
    values.delete(body.number);
  },
  add: (message) => {
    count += message.body.delta;
    reply(message, { type: "add_ok" });
  },
  read: (message) => {
    if (message.body.key !== undefined) readKey(message);
    else if (behaviour === "malformed") reply(message, { type: "read_ok", messages: 5 });
    else reply(message, { type: "read_ok", messages: [...elements], value: behaviour === "wrong" ? count + 1 : count });
  },
  write: (message) => {
    if (behaviour !== "wrong" || handled % 3 !== 0) values.set(message.body.key, message.body.value);
    reply(message, { type: "write_ok" });
  },
  cas: (message) => {
    const { key, from, to } = message.body;
    if (values.get(key) !== from) return reply(message, { type: "error", code: values.has(key) ? 22 : 20 });
    values.set(key, to);
    reply(message, { type: "cas_ok" });
  },
};

function readKey(message) {
  const { key } = message.body;
  if (!values.has(key)) reply(message, { type: "error", code: 20, text: "key does not exist" });
  else reply(message, { type: "read_ok", value: values.get(key) });
}

function tell(peer, element) {
  const number = ++count;
  const gossip = () => send(peer, { type: "gossip", element, number });
  gossip();
  if (behaviour !== "forgetful") values.set(number, setInterval(gossip, 100));
}

/** What some behaviours do instead of handling a request. */
function misbehave(message) {
  switch (behaviour) {
    case "crashing":
      if (handled < 4) return false;
      console.error("cannot go on: out of luck");
      process.exit(3);
      break;
    case "garbage":
      if (handled === 4) console.log("debug: got a request");
      return false;
    case "stray":
      if (handled === 4) send("n99", { type: "hello" });
      return false;
    case "silent":
      return true;
    case "slow":
      setTimeout(() => handlers[message.body.type](message), 50);
      return true;
    case "refusing":
      reply(message, { type: "error", code: 11, text: "not now" });
      return true;
    default:
      return false;
  }
}

createInterface({ input: process.stdin }).on("line", (line) => {
  const message = JSON.parse(line);
  const { type } = message.body;
  handled++;
  if (type === "init" || type === "topology" || !misbehave(message)) handlers[type](message);
});
process.stdin.on("end", () => process.exit(0));
