/** A failure of the log that has a code, as those of the system have. */
export class LogFailure extends Error {
  readonly code: string;

  constructor(code: string, options?: ErrorOptions) {
    super(code, options);
    this.code = code;
  }
}
