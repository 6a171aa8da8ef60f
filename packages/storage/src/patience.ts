/** How long a store bears with its service. */
export interface Patience {
  /** Attempts of the SDK at one request. */
  readonly maxAttempts: number;
  /** Milliseconds that a download may stand still. */
  readonly stallMs: number;
}

/** An upload may stand still so many times as long as a download: its parts go out whole, and again when they fail. */
export const uploadPatience = 10;
