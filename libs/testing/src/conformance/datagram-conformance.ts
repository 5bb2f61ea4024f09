import { ANY_IPV4, BROADCAST_IPV4, OperationalError, type Ipv4 } from '@rackwright/kernel';
import type { DatagramBinding, DatagramSocket, DatagramSockets, Endpoint } from '@rackwright/contracts';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../wait-for.js';

/** One adapter under test and an address its host has. */
export interface DatagramHarness extends AsyncDisposable {
  readonly sockets: DatagramSockets;
  readonly address: Ipv4;
}

interface Received {
  readonly bytes: Uint8Array;
  readonly from: Endpoint;
}

type WithHarness = (test: (harness: DatagramHarness) => Promise<void>) => () => Promise<void>;

/** Reserved for documentation by RFC 5737; no test host has it. */
const FOREIGN_ADDRESS = '192.0.2.1' as Ipv4;
const LARGE_BYTES = 60_000;

/** Registers the tests every `DatagramSockets` must pass; each runs on a fresh harness. */
export function datagramConformance(adapter: string, start: () => Promise<DatagramHarness>): void {
  const withHarness: WithHarness = (test) => async () => {
    await using harness = await start();
    await test(harness);
  };
  describe(`DatagramSockets conformance: ${adapter}`, () => {
    deliveryConformance(withHarness);
    bindingConformance(withHarness);
    sendFailureConformance(withHarness);
  });
}

function collect(socket: DatagramSocket): Received[] {
  const received: Received[] = [];
  socket.onDatagram((bytes, from) => received.push({ bytes: Uint8Array.from(bytes), from }));
  return received;
}

function arrived(received: readonly Received[], count: number): Promise<boolean> {
  return waitFor(() => received.length >= count, { what: `${count} datagrams, have ${received.length}` });
}

async function failureOf(opening: Promise<DatagramSocket>): Promise<{ code: string; message: string }> {
  try {
    await using socket = await opening;
    throw new Error(`opened ${socket.local.address}:${socket.local.port}`);
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error;
    return { code: error.code, message: error.message };
  }
}

function deliveryConformance(withHarness: WithHarness): void {
  it(
    'delivers octets in order and names the sender, which can be answered',
    withHarness(async ({ sockets, address }) => {
      await using server = await sockets.open({ address, port: 0 });
      await using client = await sockets.open({ address, port: 0 });
      const requests = collect(server);
      const replies = collect(client);
      for (let index = 0; index < 50; index += 1) client.send(Uint8Array.of(index), server.local);
      await arrived(requests, 50);
      expect(requests.map(({ bytes }) => bytes[0])).toEqual(Array.from({ length: 50 }, (_, index) => index));
      expect(requests[0]?.from).toEqual(client.local);
      server.send(Uint8Array.of(9, 9), client.local);
      await arrived(replies, 1);
      expect(replies).toEqual([{ bytes: Uint8Array.of(9, 9), from: server.local }]);
    }),
  );

  it.each([0, LARGE_BYTES])('delivers a datagram of %i octets whole', (sizeBytes) =>
    withHarness(async ({ sockets, address }) => {
      await using server = await sockets.open({ address, port: 0 });
      await using client = await sockets.open({ address, port: 0 });
      const requests = collect(server);
      client.send(new Uint8Array(sizeBytes).fill(7), server.local);
      await arrived(requests, 1);
      expect(requests[0]?.bytes).toEqual(new Uint8Array(sizeBytes).fill(7));
    })(),
  );

  it(
    'receives on the wildcard address and answers from the address that was asked',
    withHarness(async ({ sockets, address }) => {
      await using server = await sockets.open({ address: ANY_IPV4, port: 0 });
      await using client = await sockets.open({ address, port: 0 });
      const requests = collect(server);
      const replies = collect(client);
      client.send(Uint8Array.of(1), { address, port: server.local.port });
      await arrived(requests, 1);
      server.send(Uint8Array.of(2), client.local);
      await arrived(replies, 1);
      expect(replies[0]?.from).toEqual({ address, port: server.local.port });
    }),
  );

  it(
    'goes on receiving after sending to a port where nobody listens',
    withHarness(async ({ sockets, address }) => {
      const gone = await sockets.open({ address, port: 0 });
      await gone[Symbol.asyncDispose]();
      await using server = await sockets.open({ address, port: 0 });
      await using client = await sockets.open({ address, port: 0 });
      const requests = collect(server);
      server.send(Uint8Array.of(1), gone.local);
      client.send(Uint8Array.of(2), server.local);
      await arrived(requests, 1);
      expect(requests.map(({ bytes }) => [...bytes])).toEqual([[2]]);
    }),
  );
}

function bindingConformance(withHarness: WithHarness): void {
  it(
    'picks a free port for port 0 and tells it',
    withHarness(async ({ sockets, address }) => {
      await using first = await sockets.open({ address, port: 0 });
      await using second = await sockets.open({ address, port: 0 });
      expect(first.local.address).toBe(address);
      expect(first.local.port).toBeGreaterThan(0);
      expect(second.local.port).not.toBe(first.local.port);
    }),
  );

  it(
    'refuses an address in use, naming it, also under the wildcard address',
    withHarness(async ({ sockets, address }) => {
      await using first = await sockets.open({ address, port: 0 });
      const { port } = first.local;
      for (const wanted of [address, ANY_IPV4]) {
        const failure = await failureOf(sockets.open({ address: wanted, port }));
        expect(failure.code).toBe('address-in-use');
        expect(failure.message).toContain(`${wanted}:${port}`);
      }
    }),
  );

  it(
    'refuses an address and an interface that the host does not have',
    withHarness(async ({ sockets, address }) => {
      const foreign = await failureOf(sockets.open({ address: FOREIGN_ADDRESS, port: 0 }));
      expect(foreign).toMatchObject({ code: 'socket-failed' });
      expect(foreign.message).toContain(FOREIGN_ADDRESS);
      const missing = await failureOf(sockets.open({ address, port: 0, interfaceName: 'no-such-if' }));
      expect(missing).toMatchObject({ code: 'socket-failed' });
      expect(missing.message).toContain('no-such-if');
    }),
  );

  it(
    'frees the address when disposed of, once or twice',
    withHarness(async ({ sockets, address }) => {
      const first = await sockets.open({ address, port: 0 });
      await first[Symbol.asyncDispose]();
      await first[Symbol.asyncDispose]();
      await using second = await sockets.open(first.local);
      expect(second.local).toEqual(first.local);
    }),
  );
}

function sendFailureConformance(withHarness: WithHarness): void {
  const cases: readonly { name: string; to: Endpoint }[] = [
    { name: 'a broadcast that was not allowed', to: { address: BROADCAST_IPV4, port: 9 } },
    { name: 'port 0', to: { address: FOREIGN_ADDRESS, port: 0 } },
  ];

  it.each(cases)('reports $name instead of throwing', ({ to }) =>
    withHarness(async ({ sockets, address }) => {
      const errors: Endpoint[] = [];
      const binding: DatagramBinding = { address, port: 0, onSendError: (_error, target) => errors.push(target) };
      await using socket = await sockets.open(binding);
      socket.send(Uint8Array.of(1), to);
      await waitFor(() => errors.length > 0, { what: 'a send error' });
      expect(errors).toEqual([to]);
    })(),
  );

  it(
    'reports sending through a socket that was disposed of',
    withHarness(async ({ sockets, address }) => {
      const errors: Error[] = [];
      const socket = await sockets.open({ address, port: 0, onSendError: (error) => errors.push(error) });
      await socket[Symbol.asyncDispose]();
      socket.send(Uint8Array.of(1), { address, port: 9 });
      await waitFor(() => errors.length === 1, { what: 'a send error' });
    }),
  );
}
