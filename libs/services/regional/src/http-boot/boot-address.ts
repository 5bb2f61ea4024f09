import type { Subnet } from '@rackwright/domain-netboot';
import { cidrContains, parseIpv4, type Ipv4 } from '@rackwright/kernel';

const MAPPED = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i;

/** The IPv4 address a request came from. */
export function sourceAddress(remote: string): Ipv4 | undefined {
  return parseIpv4(MAPPED.exec(remote)?.[1] ?? remote);
}

/** The region's URL as a machine reaches it: its subnet may name another host. */
export function baseUrlFor(publicUrl: string, subnets: readonly Subnet[], source: Ipv4 | undefined): string {
  const base = publicUrl.replace(/\/+$/, '');
  const nextServer =
    source === undefined ? undefined : subnets.find(({ cidr }) => cidrContains(cidr, source))?.next_server;
  return nextServer === undefined ? base : base.replace(/^(https?:\/\/)(?:\[[^\]]*\]|[^/:]*)/, `$1${nextServer}`);
}
