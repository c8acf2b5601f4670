import { OperatingError } from "../../base/errors.ts";

/** A message was sent on its way in the group, and whether anybody delivers it is not known. */
export class UndeliveredError extends OperatingError {
  override readonly name = "UndeliveredError";
  override readonly code = "QUORATE_UNDELIVERED";
  override readonly retry = "never";
  override readonly outcome = "unknown";

  constructor(why: string, options?: { cause?: unknown }) {
    super(
      `${why}: the message may have been delivered, or may yet be, here and elsewhere; look at the deliveries, or the state, before you send it again`,
      options,
    );
  }
}

/** The message waited here all the time and was certainly not sent: this process is no member at present. */
export class NotJoinedError extends OperatingError {
  override readonly name = "NotJoinedError";
  override readonly code = "QUORATE_NOT_JOINED";
  override readonly retry = "now";
  override readonly outcome = "not-applied";

  constructor(waitedMs: number) {
    super(
      `not a member of the group within ${Math.round(waitedMs)} ms: no majority of it is reachable from here, or its state has not arrived yet; nothing was sent; try again`,
    );
  }
}

/** Everybody who had the application's state is gone: those who are left have nothing to go on from. */
export class StateLostError extends OperatingError {
  override readonly name = "StateLostError";
  override readonly code = "QUORATE_STATE_LOST";
  override readonly retry = "never";
  override readonly outcome = "unknown";

  constructor() {
    super(
      "everybody who had the group's state is gone, and it lived in their memory: the group cannot go on; stop all members, and start one with newGroup (--new-group), then the others",
    );
  }
}
