import type { Backoff, Clock, Logger, Random } from '@rackwright/kernel';

/** How to reach etcd and how patient to be with it. */
export interface EtcdStoreOptions {
  /** `http://host:2379` or `https://…`, all of one kind, in order of preference. */
  readonly endpoints: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Time for one call, retries of reads included; default 5 000. */
  readonly unaryTimeoutMs?: number;
  /** Pause between attempts to watch again; default 100 to 2 000. */
  readonly watchBackoff?: Backoff;
  readonly auth?: { readonly username: string; readonly password: string };
  /** For `https` endpoints; default: the authorities the system trusts. */
  readonly tls?: { readonly rootCertificate: Buffer; readonly privateKey?: Buffer; readonly certChain?: Buffer };
  /** A key `currentRevision` may read under the user's role; it need not exist. */
  readonly probeKey?: string;
}

export const DEFAULT_UNARY_TIMEOUT_MS = 5_000;
export const DEFAULT_WATCH_BACKOFF: Backoff = { retryMinMs: 100, retryMaxMs: 2_000 };
export const DEFAULT_PROBE_KEY = 'rackwright/probe';
