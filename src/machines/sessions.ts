import { ByteReader, type Bytes, ByteWriter, binaryCodec, type Codec } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";
import { InvariantViolation, unreachable } from "../base/invariant.ts";
import { fromUtf8, toUtf8 } from "../base/text.ts";
import { fingerprint } from "./fingerprint.ts";
import type { Machine } from "./machine.ts";
import { restoreSessions, snapshotSessions } from "./session-snapshot.ts";
import {
  addClient,
  addRequest,
  type Client,
  enforceLimits,
  newClient,
  newSessions,
  type SessionLimits,
  type SessionState,
  settle,
} from "./session-state.ts";

export type { SessionLimits, SessionState } from "./session-state.ts";

/** A command with what tells a repeat from a new one: (client, sequence) names it across all its tries. */
export interface SessionCommand {
  /** 1 to 1,024 bytes. */
  readonly client: string;
  readonly sequence: number;
  /** The client has its answers to all sequences below and will not try them again; at most `sequence`. */
  readonly settledBelow: number;
  /** The index its issuer had applied when it first issued this; the same on every try. */
  readonly issuedAt: number;
  /** In the inner machine's codec. */
  readonly command: Bytes;
}

/** What became of a command: the same on every try, as long as it is remembered. */
export type SessionAnswer<Answer> =
  | { readonly kind: "answer"; readonly answer: Answer }
  /** The machine threw, or could not read the command. */
  | { readonly kind: "failed"; readonly message: string }
  /** Too old to tell whether an earlier try was applied; this one was not. */
  | { readonly kind: "expired" }
  /** The name belongs to another command; this one was not applied. */
  | { readonly kind: "mismatch" };

/** What is remembered unless told otherwise. */
export const sessionLimits: SessionLimits = {
  retainedRequestsMax: 65_536,
  retainedBytesMax: 16 * 1024 * 1024,
  clientsMax: 10_000,
};

/** Longest name of a client, in UTF-8. */
const clientBytesMax = 1024;

/** In UTF-16 units: at most 1,020 bytes. */
const failureLengthMax = 340;

/** What a retained failure counts, however long: engines word errors differently, and the limits must not notice. */
const failureBytes = 1024;

/**
 * The same machine, with every command applied at most once, whatever is repeated, reordered or forgotten.
 *
 * `limits` matter at a machine's birth only: from then on they are part of its state, and of its snapshots.
 * The rules and why they suffice: docs/machines.md.
 */
export function withSessions<State, Command, Answer, Question, Reply>(
  inner: Machine<State, Command, Answer, Question, Reply>,
  limits: SessionLimits = sessionLimits,
): Machine<SessionState<State>, SessionCommand, SessionAnswer<Answer>, Question, Reply> {
  const codec = answerCodec(inner.answer);

  function apply(state: SessionState<State>, command: SessionCommand, index: number): SessionAnswer<Answer> {
    const hash = fingerprint(command.command);
    const client = enter(state, command, index);
    const earlier = client?.requests.get(command.sequence);
    if (earlier !== undefined) {
      if (earlier.fingerprint !== hash) return { kind: "mismatch" };
      state.requestsByUse.use(earlier);
      return codec.decode(earlier.answer);
    }
    if (client === undefined || mayBeRepeat(state, client, command, index)) return { kind: "expired" };
    const { answer, encoded } = attempt(state.inner, command.command, index);
    addRequest(state, {
      client,
      sequence: command.sequence,
      index,
      fingerprint: hash,
      answer: encoded,
      size: retainedSize(encoded),
      older: undefined,
      newer: undefined,
    });
    enforceLimits(state);
    return answer;
  }

  function attempt(state: State, command: Bytes, index: number): { answer: SessionAnswer<Answer>; encoded: Bytes } {
    try {
      const answer = { kind: "answer", answer: inner.apply(state, inner.command.decode(command), index) } as const;
      return { answer, encoded: codec.encode(answer) };
    } catch (error) {
      if (error instanceof InvariantViolation) throw error;
      const answer = { kind: "failed", message: messageOf(error) } as const;
      return { answer, encoded: codec.encode(answer) };
    }
  }

  return {
    initial: () => newSessions(limits, 0, inner.initial()),
    apply,
    query: (state, question) => inner.query(state.inner, question),
    snapshot: (state) => snapshotSessions(state, inner.snapshot(state.inner)),
    restore: (chunks) => restoreSessions(chunks, inner.restore, retainedSize),
    command: commandCodec,
    answer: codec,
  };
}

/** The command's client, marked as used; a new one unless the command may be a repeat from before it was forgotten. */
function enter(state: SessionState<unknown>, command: SessionCommand, index: number): Client | undefined {
  const client = state.clients.get(command.client);
  if (client === undefined) {
    if (!isIssuedSinceFloor(state, command, index)) return undefined;
    return addClient(state, newClient(command.client, index, command.settledBelow, index));
  }
  client.usedAt = index;
  state.clientsByUse.use(client);
  settle(state, client, command.settledBelow);
  return client;
}

/** Whether a request that is not remembered may have been applied before. */
function mayBeRepeat(state: SessionState<unknown>, client: Client, command: SessionCommand, index: number): boolean {
  return command.sequence < client.settledBelow || !isIssuedSinceFloor(state, command, index);
}

/**
 * Issued at or after the floor, and before it got its place, as every honest request is: then no earlier try is
 * forgotten.
 */
function isIssuedSinceFloor(state: SessionState<unknown>, command: SessionCommand, index: number): boolean {
  return state.floor <= command.issuedAt && command.issuedAt < index;
}

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : "what was thrown is no error";
  return fromUtf8(toUtf8(message.slice(0, failureLengthMax))); // a cut may halve a character: answer as a repeat will
}

const version = 1;

const commandCodec: Codec<SessionCommand> = {
  encode: ({ client, sequence, settledBelow, issuedAt, command }) =>
    new ByteWriter(client.length + command.length + 32)
      .byte(version)
      .text(client)
      .varint(sequence)
      .varint(sequence - settledBelow)
      .varint(issuedAt)
      .raw(command)
      .finish(),
  decode: (bytes) => {
    const reader = new ByteReader(bytes);
    if (reader.byte() !== version) throw new MalformedError("a command's version is unknown; upgrade this member");
    const client = reader.text(clientBytesMax);
    if (client === "") throw new MalformedError("a command names no client");
    const sequence = reader.varint();
    const settledBelow = sequence - reader.varint(sequence);
    return { client, sequence, settledBelow, issuedAt: reader.varint(), command: reader.raw(reader.remaining) };
  },
};

const kinds = ["answer", "failed", "expired", "mismatch"] as const;

function answerCodec<Answer>(inner: Codec<Answer>): Codec<SessionAnswer<Answer>> {
  return binaryCodec(
    (writer, answer) => {
      writer.byte(kinds.indexOf(answer.kind));
      if (answer.kind === "answer") writer.raw(inner.encode(answer.answer));
      if (answer.kind === "failed") writer.raw(toUtf8(answer.message));
    },
    (reader): SessionAnswer<Answer> => {
      const kind = kinds[reader.byte()];
      switch (kind) {
        case "answer":
          return { kind, answer: inner.decode(reader.raw(reader.remaining)) };
        case "failed":
          return { kind, message: fromUtf8(reader.raw(reader.remaining)) };
        case "expired":
        case "mismatch":
          return { kind };
        case undefined:
          throw new MalformedError("an answer of unknown kind");
        default:
          return unreachable(kind);
      }
    },
  );
}

/** What an encoded answer counts towards the limits. */
function retainedSize(answer: Bytes): number {
  return answer[0] === kinds.indexOf("failed") ? failureBytes : answer.length;
}
