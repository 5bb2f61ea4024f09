import { parseIpv4, type Ipv4 } from '@rackwright/kernel';
import { datagramConformance, waitFor } from '@rackwright/testing';
import { describe, expect, it } from 'vitest';
import { NodeDatagramSockets } from './index.js';

const address = parseIpv4('127.0.0.1') as Ipv4;

for (const areBatched of [true, false]) {
  datagramConformance(`NodeDatagramSockets ${areBatched ? 'in batches' : 'one by one'}`, () =>
    Promise.resolve({
      sockets: new NodeDatagramSockets({ areBatched }),
      address,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
  );
}

describe('NodeDatagramSockets in batches', () => {
  it('answers a burst of many datagrams of different sizes, each with its own octets', async () => {
    const sockets = new NodeDatagramSockets();
    await using server = await sockets.open({ address, port: 0 });
    await using client = await sockets.open({ address, port: 0 });
    const sizeOf = (index: number): number => (index * 37) % 1_400;
    const echoed: string[] = [];
    server.onDatagram((bytes, from) => {
      server.send(Uint8Array.from(bytes), from);
    });
    client.onDatagram((bytes) => echoed.push(`${bytes.length} ${bytes.every((octet) => octet === bytes[0])}`));
    for (let index = 0; index < 500; index += 1) {
      client.send(new Uint8Array(sizeOf(index)).fill(index & 255), server.local);
    }
    await waitFor(() => echoed.length === 500, { what: 'the echoes' });
    expect(echoed).toEqual(Array.from({ length: 500 }, (_, index) => `${sizeOf(index)} true`));
  });

  it('stops giving datagrams to a socket that is disposed of while it is handed a batch', async () => {
    const sockets = new NodeDatagramSockets();
    const server = await sockets.open({ address, port: 0 });
    await using client = await sockets.open({ address, port: 0 });
    let seen = 0;
    let closed: PromiseLike<void> | undefined;
    server.onDatagram(() => {
      seen += 1;
      closed ??= server[Symbol.asyncDispose]();
    });
    for (let index = 0; index < 50; index += 1) client.send(Uint8Array.of(index), server.local);
    await waitFor(() => closed !== undefined, { what: 'the first datagram' });
    await closed;
    expect(seen).toBe(1);
  });
});
