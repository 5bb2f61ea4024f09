import type { HttpLimits } from './connection-limits.js';

/** The largest document of the API (a batch of 500 tasks) is well below; etcd takes 1.5 MiB at most. */
export const DEFAULT_BODY_LIMIT_BYTES = 1_048_576;
/** A token, a traceparent and a few cookies fit; more is an attack or a mistake. */
export const MAX_HEADER_BYTES = 16_384;
/** Time to receive a whole request. Answers may take as long as they need. */
export const REQUEST_TIMEOUT_MS = 60_000;
/** For services without settings of their own. */
export const DEFAULT_HTTP_LIMITS: HttpLimits = {
  maxConnections: 8_192,
  maxConnectionsPerClient: 1_024,
  maxRequests: 4_096,
  // A client that has not sent its headers by then is slow on purpose.
  headersTimeoutMs: 10_000,
  // Longer than the 60 s after which common load balancers drop an idle connection, so that they close first.
  keepAliveTimeoutMs: 65_000,
};
/** How often Node looks for connections that broke the limits above. */
export const TIMEOUT_CHECK_INTERVAL_MS = 2_000;
/** Longest value of one path parameter: serial numbers and names are at most 64 characters, percent-encoded 192. */
export const MAX_PATH_PARAMETER_CHARS = 256;
/** Time for requests in flight to end when the service stops. */
export const DRAIN_DEADLINE_MS = 10_000;
