import type { ConfigOf, HttpServiceOptions } from '@rackwright/platform';
import type { httpBootSettings } from './http-boot-settings.js';

/** Whom and how much the HTTP server of a region takes on, as configured. */
export function httpOptionsOf(
  config: ConfigOf<typeof httpBootSettings>,
): Required<Pick<HttpServiceOptions, 'limits' | 'trustedProxies'>> {
  return {
    trustedProxies: config.httpTrustedProxies,
    limits: {
      maxConnections: config.httpMaxConnections,
      maxConnectionsPerClient: config.httpMaxConnectionsPerClient,
      maxRequests: config.httpMaxRequests,
      headersTimeoutMs: config.httpHeaderTimeout,
      keepAliveTimeoutMs: config.httpKeepAliveTimeout,
    },
  };
}
