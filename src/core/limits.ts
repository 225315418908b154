/**
 * Every bound of the data path, in one place. Times are in milliseconds, sizes in bytes; the
 * configuration may change each (`limits:` in impedance.yaml, same names in snake case).
 */
export interface Limits {
  /** A larger request is refused with 413, at the first byte over. */
  readonly requestBodyMaxBytes: number;
  /** A larger JSON response is replaced by an error. */
  readonly responseBodyMaxBytes: number;
  /** Exchanges that are open at once, streams included; over it a new one gets 503. */
  readonly openExchangesMax: number;
  /** How long new exchanges may wait for their turn, all of them; over it the late ones get 503. */
  readonly queueDelayMs: number;
  /** Bodies that are being taken in, of all exchanges together; over it a new one gets 503. */
  readonly heldBodiesMaxBytes: number;
  /** One event of a stream. */
  readonly sseEventMaxBytes: number;
  /** Nested containers in one JSON document. */
  readonly jsonMaxDepth: number;
  /** Values in one JSON document: bounds the memory of the tree, not of the bytes. */
  readonly jsonMaxNodes: number;
  /** Messages in one batch (2025-03-26 only). */
  readonly batchMaxMessages: number;
  /** One decoded string. */
  readonly stringMaxLength: number;
  /** From the request's head to its last byte. */
  readonly requestBodyDeadlineMs: number;
  /** From the last byte to our verdict. */
  readonly verdictDeadlineMs: number;
  /** From the forwarded request to the response's head. */
  readonly responseHeadDeadlineMs: number;
  /** From the response's head to the last byte of a JSON body. */
  readonly responseBodyDeadlineMs: number;
  /** Silence in the stream that answers a POST. */
  readonly sseSilenceDeadlineMs: number;
  /** Between our comments in a listening stream, which may be silent for hours. */
  readonly sseHeartbeatMs: number;
  /**
   * CPU time of the guards for one message; over it the message is denied. As much again is for its
   * opaque values; those that are left then are sealed unread.
   */
  readonly guardBudgetMs: number;
  /**
   * CPU time of one policy evaluation; a late answer is a deny. The items of a listing share it,
   * and those it does not suffice for are hidden.
   */
  readonly policyBudgetMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  requestBodyMaxBytes: 1024 * 1024,
  responseBodyMaxBytes: 16 * 1024 * 1024,
  openExchangesMax: 20_000,
  queueDelayMs: 50,
  heldBodiesMaxBytes: 512 * 1024 * 1024,
  sseEventMaxBytes: 1024 * 1024,
  jsonMaxDepth: 64,
  jsonMaxNodes: 500_000,
  batchMaxMessages: 64,
  stringMaxLength: 16 * 1024 * 1024,
  requestBodyDeadlineMs: 10_000,
  verdictDeadlineMs: 1_000,
  responseHeadDeadlineMs: 60_000,
  responseBodyDeadlineMs: 60_000,
  sseSilenceDeadlineMs: 300_000,
  sseHeartbeatMs: 15_000,
  guardBudgetMs: 500,
  policyBudgetMs: 500,
};
