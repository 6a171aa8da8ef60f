/** How long a store bears with its service. */
export interface Patience {
  /** Attempts of the SDK at one request. */
  readonly maxAttempts: number;
  /** Milliseconds that a download may stand still. */
  readonly stallMs: number;
}
