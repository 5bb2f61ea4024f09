import type { Ipv4 } from '@rackwright/kernel';
import { datagramConformance } from '../conformance/datagram-conformance.js';
import { MemoryNetwork } from './memory-network.js';

const address = '10.0.0.1' as Ipv4;

datagramConformance('MemoryNetwork', () =>
  Promise.resolve({
    sockets: new MemoryNetwork().addHost([{ name: 'eth0', address, segment: 'rack-a' }]),
    address,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }),
);
