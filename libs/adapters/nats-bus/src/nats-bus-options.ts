import type { Clock, Logger, Random } from '@rackwright/kernel';

/** How much a stream keeps; the oldest messages go first. */
export interface StreamLimits {
  readonly maxAgeMs: number;
  readonly maxBytes: number;
  /** How long a message id is remembered; never longer than `maxAgeMs`, which is the most the server accepts. */
  readonly duplicateWindowMs: number;
}

/** Certificate files for TLS to NATS. */
export interface NatsTls {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

export interface NatsBusOptions {
  /** `nats://host:port` or `host:port`, tried in random order. */
  readonly servers: readonly string[];
  /** Shown in the server's connection list. */
  readonly name: string;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
  readonly credentials?: { readonly user: string; readonly password: string } | { readonly token: string };
  readonly tls?: NatsTls;
  readonly events?: Partial<StreamLimits>;
  readonly logs?: Partial<StreamLimits>;
  /** Copies of each stream in a NATS cluster; 1 unless told. */
  readonly replicas?: number;
  /** How long one connection attempt, and one JetStream acknowledgement, may take. */
  readonly timeoutMs?: number;
}

export const DEFAULT_TIMEOUT_MS = 2_000;

const HOUR_MS = 3_600_000;
const GIBIBYTE = 1_073_741_824;

/** Regions replay events kept through an outage; ids must be remembered at least as long as a usual outage lasts. */
export const DEFAULT_EVENT_LIMITS: StreamLimits = {
  maxAgeMs: 7 * 24 * HOUR_MS,
  maxBytes: GIBIBYTE,
  duplicateWindowMs: 24 * HOUR_MS,
};

export const DEFAULT_LOG_LIMITS: StreamLimits = {
  maxAgeMs: 7 * 24 * HOUR_MS,
  maxBytes: 2 * GIBIBYTE,
  duplicateWindowMs: HOUR_MS,
};
