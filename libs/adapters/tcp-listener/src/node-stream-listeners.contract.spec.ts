import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Endpoint, StreamBinding, StreamListener } from '@rackwright/contracts';
import { OperationalError, type Ipv4 } from '@rackwright/kernel';
import { waitFor } from '@rackwright/testing';
import { NodeStreamListeners } from './index.js';

const address = '127.0.0.1' as Ipv4;
const usual: StreamBinding = { address, port: 0, maxConnections: 10, maxConnectionsPerAddress: 10, idleMs: 60_000 };
const closing: AsyncDisposable[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const each of closing.splice(0)) await each[Symbol.asyncDispose]();
});

interface Heard {
  readonly from: Endpoint;
  text: string;
  ended: number;
}

async function listen(
  binding: Partial<StreamBinding> = {},
  hold?: () => Promise<void> | undefined,
): Promise<{ readonly listener: StreamListener; readonly heard: Heard[] }> {
  const heard: Heard[] = [];
  const listener = await new NodeStreamListeners().listen({ ...usual, ...binding }, (from) => {
    const one: Heard = { from, text: '', ended: 0 };
    heard.push(one);
    return {
      receive: (bytes) => {
        one.text += Buffer.from(bytes).toString();
        return hold?.();
      },
      end: () => {
        one.ended += 1;
      },
    };
  });
  closing.push(listener);
  return { listener, heard };
}

async function dial(listener: StreamListener): Promise<Socket> {
  const socket = connect(listener.local.port, listener.local.address);
  sockets.push(socket);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

describe('NodeStreamListeners', () => {
  it('gives each connection what it sends, and tells its end once', async () => {
    const { listener, heard } = await listen();
    const [one, two] = [await dial(listener), await dial(listener)];
    one.write('a');
    two.end('xyz');
    await waitFor(() => heard[1]?.ended === 1 && heard[0]?.text === 'a', { what: 'both' });
    expect(heard[1]).toMatchObject({ text: 'xyz', from: { address } });
    expect(heard[0]?.from.port).toBe(one.localPort);
    expect(listener.connections).toBe(1);
    one.resetAndDestroy();
    await waitFor(() => heard[0]?.ended === 1, { what: 'the end of a connection that was reset' });
    expect(listener.connections).toBe(0);
  });

  it('reads no further while the receiver is busy', async () => {
    const gate = Promise.withResolvers<undefined>();
    const { listener, heard } = await listen({}, () => gate.promise);
    const socket = await dial(listener);
    const sent = 32 * 1_048_576;
    socket.write(Buffer.alloc(sent, 'x'));
    await waitFor(() => (heard[0]?.text.length ?? 0) > 0, { what: 'the first octets' });
    const first = heard[0]?.text.length ?? 0;
    const second = await dial(listener);
    second.end('over');
    await waitFor(() => heard[1]?.text === 'over', { what: 'another connection is read meanwhile' });
    expect(heard[0]?.text.length).toBe(first);
    expect(socket.writableLength).toBeGreaterThan(0);
    gate.resolve(undefined);
    await waitFor(() => heard[0]?.text.length === sent, { what: 'all octets' });
  });

  it.each([
    ['in all', { maxConnections: 2 }],
    ['of one address', { maxConnectionsPerAddress: 2 }],
  ])('closes what is too many %s', async (_name, limits) => {
    const refused: Endpoint[] = [];
    const { listener, heard } = await listen({ ...limits, onRefused: (from) => refused.push(from) });
    await dial(listener);
    await dial(listener);
    const third = await dial(listener);
    await waitFor(() => third.closed, { what: 'the end of the third' });
    expect(refused.map((from) => from.address)).toEqual([address]);
    expect(heard).toHaveLength(2);
    expect(listener.connections).toBe(2);
  });

  it('closes what is idle', async () => {
    const { listener, heard } = await listen({ idleMs: 60 });
    const idle = await dial(listener);
    await waitFor(() => idle.closed && heard[0]?.ended === 1, { what: 'the end of the idle one' });
    expect(listener.connections).toBe(0);
  });

  it('closes its connections when it is disposed of', async () => {
    const { listener, heard } = await listen();
    const socket = await dial(listener);
    await waitFor(() => heard.length === 1, { what: 'the connection' });
    await Promise.all([once(socket, 'close'), listener[Symbol.asyncDispose]()]);
    await waitFor(() => heard[0]?.ended === 1, { what: 'its end' });
    await listener[Symbol.asyncDispose]();
  });

  it('says why it cannot listen', async () => {
    const { listener } = await listen();
    await expect(listen({ port: listener.local.port })).rejects.toMatchObject({
      code: 'address-in-use',
      message: `TCP 127.0.0.1:${listener.local.port} is in use by another process`,
    });
    const foreign = listen({ address: '192.0.2.1' as Ipv4 });
    await expect(foreign).rejects.toBeInstanceOf(OperationalError);
    await expect(foreign).rejects.toMatchObject({ code: 'socket-failed' });
  });
});
