import type { Random } from './random.port.js';

/** Bounds of an exponential back-off, in milliseconds. */
export interface Backoff {
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
}

/**
 * The delay before attempt `attempt` (1 for the first retry): exponential from `retryMinMs`, capped at `retryMaxMs`,
 * with equal jitter (half fixed, half random) so that many clients of one failed server do not return in step.
 */
export function backoffMs(backoff: Backoff, attempt: number, random: Random): number {
  const ceiling = Math.min(backoff.retryMaxMs, backoff.retryMinMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(ceiling / 2 + random.fraction() * (ceiling / 2));
}
