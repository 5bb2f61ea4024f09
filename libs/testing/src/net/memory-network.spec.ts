import { ANY_IPV4, BROADCAST_IPV4, type Ipv4 } from '@rackwright/kernel';
import type { DatagramSocket } from '@rackwright/contracts';
import { describe, expect, it } from 'vitest';
import { MemoryNetwork } from './memory-network.js';

const SERVER_A = '10.1.0.1' as Ipv4;
const SERVER_B = '10.2.0.1' as Ipv4;

function heard(socket: DatagramSocket): string[] {
  const texts: string[] = [];
  socket.onDatagram((bytes, from) => texts.push(`${String.fromCharCode(...bytes)} from ${from.address}`));
  return texts;
}

async function twoSegments() {
  const network = new MemoryNetwork();
  const server = network.addHost([
    { name: 'eth0', address: SERVER_A, segment: 'a' },
    { name: 'eth1', address: SERVER_B, segment: 'b' },
  ]);
  const clients = ['a', 'b'].map((segment) => network.addHost([{ name: 'eth0', address: ANY_IPV4, segment }]));
  const [onA, onB] = await Promise.all(
    ['eth0', 'eth1'].map((interfaceName) =>
      server.open({ address: ANY_IPV4, port: 67, interfaceName, broadcast: true }),
    ),
  );
  const [clientA, clientB] = await Promise.all(
    clients.map((host) => host.open({ address: ANY_IPV4, port: 68, broadcast: true })),
  );
  if (!onA || !onB || !clientA || !clientB) throw new Error('not opened');
  return { network, onA, onB, clientA, clientB };
}

const ascii = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('MemoryNetwork', () => {
  it('keeps a broadcast on its segment, both ways', async () => {
    const { onA, onB, clientA, clientB } = await twoSegments();
    const [atA, atB, atClientA, atClientB] = [onA, onB, clientA, clientB].map(heard);
    clientA.send(ascii('discover'), { address: BROADCAST_IPV4, port: 67 });
    onA.send(ascii('offer'), { address: BROADCAST_IPV4, port: 68 });
    await settled();
    expect({ atA, atB, atClientA, atClientB }).toEqual({
      atA: ['discover from 0.0.0.0'],
      atB: [],
      atClientA: [`offer from ${SERVER_A}`],
      atClientB: [],
    });
  });

  it('loses what it is told to lose', async () => {
    const { network, onA, clientA } = await twoSegments();
    const atA = heard(onA);
    network.loseIf(({ bytes }) => bytes[0] === 'x'.charCodeAt(0));
    clientA.send(ascii('x'), { address: SERVER_A, port: 67 });
    clientA.send(ascii('y'), { address: SERVER_A, port: 67 });
    await settled();
    expect(atA).toEqual(['y from 0.0.0.0']);
  });

  it('delivers what was sent even if the sender reuses its octets', async () => {
    const { onA, clientA } = await twoSegments();
    const atA = heard(onA);
    const bytes = ascii('a');
    clientA.send(bytes, { address: SERVER_A, port: 67 });
    bytes.fill(0);
    await settled();
    expect(atA).toEqual(['a from 0.0.0.0']);
  });
});
