import { networkInterfaces } from 'node:os';
import { parseIpv4, type Ipv4 } from '@rackwright/kernel';

/** The IPv4 addresses of a network interface of this machine; none when there is no such interface. */
export function addressesOf(interfaceName: string): readonly Ipv4[] {
  return (networkInterfaces()[interfaceName] ?? [])
    .filter(({ family }) => family === 'IPv4')
    .map(({ address }) => parseIpv4(address))
    .filter((address) => address !== undefined);
}
