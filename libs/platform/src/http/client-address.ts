import { BlockList, isIP } from 'node:net';

/** The peers whose `X-Forwarded-For` is believed. */
export class TrustedProxies {
  readonly #networks = new BlockList();
  readonly #isEmpty: boolean;

  /** Addresses and networks (`10.0.0.0/8`, `2001:db8::/32`), each accepted by {@link parseProxy}. */
  constructor(networks: readonly string[]) {
    this.#isEmpty = networks.length === 0;
    for (const text of networks) {
      const [address = '', prefix] = text.split('/');
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
      this.#networks.addSubnet(address, prefix === undefined ? (family === 'ipv6' ? 128 : 32) : Number(prefix), family);
    }
  }

  trusts(address: string): boolean {
    if (this.#isEmpty) return false;
    const family = isIP(address);
    return family !== 0 && this.#networks.check(address, family === 6 ? 'ipv6' : 'ipv4');
  }
}

const NETWORK = /^([0-9a-f.:]+)(?:\/(\d{1,3}))?$/i;

/** A proxy's address or network as text, if it is one. */
export function parseProxy(text: string): string | undefined {
  const [, address = '', prefix] = NETWORK.exec(text) ?? [];
  const family = isIP(address);
  if (family === 0) return undefined;
  return prefix === undefined || Number(prefix) <= (family === 6 ? 128 : 32) ? text : undefined;
}

const MAPPED = /^::ffff:(?=\d{1,3}(?:\.\d{1,3}){3}$)/i;

/**
 * Who sent a request. `X-Forwarded-For` counts only when the peer is trusted: the rightmost address in it that is not
 * trusted itself is the client. What is left of something unreadable was not written by a proxy of ours.
 */
export function clientAddress(peer: string, forwardedFor: string | undefined, proxies: TrustedProxies): string {
  let client = peer.replace(MAPPED, '');
  if (forwardedFor === undefined) return client;
  for (const entry of forwardedFor.split(',').reverse()) {
    if (!proxies.trusts(client)) return client;
    const address = entry.trim().replace(MAPPED, '');
    if (isIP(address) === 0) return client;
    client = address;
  }
  return client;
}
