import { isIPv4, isIPv6 } from 'node:net';
import type { ConfigMistake } from './config-mistake.js';

/** Authentication of a service's listeners; `none` is allowed on loopback addresses only. */
export const authModes = ['none', 'off-i-understand'] as const;
export type AuthMode = (typeof authModes)[number];

/** Whether `host` is reachable from this machine only. A name other than `localhost` is not trusted to be. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (bare === 'localhost') return true;
  if (isIPv4(bare)) return bare.startsWith('127.');
  return isIPv6(bare) && (bare === '::1' || /^::ffff:127\./.test(bare));
}

/** Refuses a listener that others can reach while nothing authenticates them; `where` names the setting of `host`. */
export function assertBindAllowed(host: string, auth: AuthMode, where = 'RW_HTTP_HOST'): readonly ConfigMistake[] {
  if (isLoopback(host) || auth === 'off-i-understand') return [];
  const detail =
    `${host} is reachable from other machines and authentication is off: ` +
    'use a loopback address, or set RW_AUTH=off-i-understand to accept that anyone who reaches it may do anything';
  return [{ where, detail }];
}
