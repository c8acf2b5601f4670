/** Where a part of the runtime tells an operator what happened; returns at once and never throws. */
export type Notice = (level: "info" | "warn", text: string, facts: Readonly<Record<string, unknown>>) => void;

const subjectsMax = 1024;
const reasonsMax = 16;

/** Says the same thing about the same subject once, until told to forget: what repeats every second drowns the rest. */
export class OnceNotices {
  readonly #notice: Notice;
  /** Bounded, because subjects come from outside; the subject that came first is forgotten first. */
  readonly #told = new Map<string, Set<string>>();

  constructor(notice: Notice) {
    this.#notice = notice;
  }

  /** `reason` is what makes two notices the same; `text` may carry changing facts. */
  warn(subject: string, reason: string, text: string, facts: Readonly<Record<string, unknown>>): void {
    const reasons = this.#told.get(subject) ?? new Set();
    if (reasons.has(reason) || reasons.size >= reasonsMax) return;
    reasons.add(reason);
    this.#told.set(subject, reasons);
    if (this.#told.size > subjectsMax) this.#told.delete(this.#told.keys().next().value ?? "");
    this.#notice("warn", text, facts);
  }

  /** All is well with `subject` again: the next trouble is news. */
  forget(subject: string): void {
    this.#told.delete(subject);
  }
}
