import { parseIpv4, type Ipv4 } from '@rackwright/kernel';
import { datagramConformance } from '@rackwright/testing';
import { NodeDatagramSockets } from './index.js';

const address = parseIpv4('127.0.0.1') as Ipv4;

datagramConformance('NodeDatagramSockets', () =>
  Promise.resolve({
    sockets: new NodeDatagramSockets(),
    address,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }),
);
