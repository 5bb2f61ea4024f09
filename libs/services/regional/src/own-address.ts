import { ANY_IPV4, type Ipv4 } from '@rackwright/kernel';
import type { RegionalConfig } from './config.js';

type Reachability = Pick<RegionalConfig, 'dhcpInterface' | 'nextServer' | 'httpHost' | 'httpPort' | 'publicUrl'>;

const LOOPBACK = '127.0.0.1';
const EVERY_ADDRESS: readonly string[] = [ANY_IPV4, '::'];

/**
 * The configuration with addresses that machines can reach where none was set: with an interface its first address as
 * next server, and that of the next server in the URL of a region that listens on every address.
 */
export function withOwnAddress<C extends Reachability>(
  config: C,
  addressesOf: (interfaceName: string) => readonly Ipv4[],
): C {
  const { dhcpInterface, httpHost, httpPort, publicUrl } = config;
  const own = dhcpInterface === undefined ? undefined : addressesOf(dhcpInterface)[0];
  const nextServer = config.nextServer === LOOPBACK && own !== undefined ? own : config.nextServer;
  const isUrlOpen = publicUrl === undefined && EVERY_ADDRESS.includes(httpHost) && httpPort !== 0;
  return { ...config, nextServer, ...(isUrlOpen ? { publicUrl: `http://${nextServer}:${httpPort}` } : {}) };
}
