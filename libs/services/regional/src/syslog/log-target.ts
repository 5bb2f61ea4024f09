import type { Endpoint } from '@rackwright/contracts';

/** Where syslog is taken, as a machine reaches it. */
export interface LogTarget {
  readonly host: string;
  readonly port: number;
}

/**
 * Where the installer of a machine sends syslog: a machine that reaches our HTTP by another host than the rest reaches
 * syslog there too. `undefined` while nobody listens, or only on loopback.
 */
export function logTargetFor(
  target: Endpoint | undefined,
  { publicUrl, baseUrl }: { readonly publicUrl: string; readonly baseUrl: string },
): LogTarget | undefined {
  if (target === undefined || target.address.startsWith('127.')) return undefined;
  const host = new URL(baseUrl).hostname;
  return { host: host === new URL(publicUrl).hostname ? target.address : host, port: target.port };
}
