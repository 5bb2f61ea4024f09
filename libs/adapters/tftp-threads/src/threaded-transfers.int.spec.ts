import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { FileTransfer } from '@rackwright/contracts';
import type { Ipv4 } from '@rackwright/kernel';
import { decodeTftp, encodeTftp, type TftpPacket } from '@rackwright/protocol-tftp';
import { ThreadedTransfers } from './threaded-transfers.js';

const LOOPBACK = '127.0.0.1' as Ipv4;
const BLOCKS = 200;
const SIZE_BYTES = BLOCKS * 512 - 1;
/** So long that nothing is sent again because a busy machine answers late. */
const TIMEOUT_SECONDS = '120';

let stack = new AsyncDisposableStack();
afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

async function client(): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1_048_576 });
  socket.bind(0, LOOPBACK);
  await once(socket, 'listening');
  stack.defer(() => {
    socket.close();
  });
  return socket;
}

async function transferTo(socket: Socket, options: Readonly<Record<string, string>> = {}): Promise<FileTransfer> {
  const directory = await mkdtemp(join(tmpdir(), 'rw-threads-'));
  stack.defer(() => rm(directory, { recursive: true }));
  const content = Buffer.alloc(SIZE_BYTES);
  for (let block = 0; block < BLOCKS; block += 1) content[block * 512] = block;
  await writeFile(join(directory, 'file'), content);
  const file = stack.use(await open(join(directory, 'file')));
  return {
    request: encodeTftp({
      kind: 'rrq',
      filename: 'file',
      mode: 'octet',
      options: new Map(Object.entries({ timeout: TIMEOUT_SECONDS, ...options })),
    }),
    client: { address: LOOPBACK, port: socket.address().port },
    localAddress: LOOPBACK,
    limits: { maxBlockSizeBytes: 1_468, rolloverTo: 0 },
    descriptor: file.fd,
    sizeBytes: SIZE_BYTES,
  };
}

async function packets(socket: Socket, count: number): Promise<readonly (TftpPacket & { readonly from: number })[]> {
  const seen: (TftpPacket & { readonly from: number })[] = [];
  const { promise, resolve } = Promise.withResolvers<undefined>();
  socket.on('message', (bytes, { port }) => {
    const packet = decodeTftp(bytes);
    if (packet.ok) seen.push({ ...packet.value, from: port });
    if (seen.length === count) resolve(undefined);
  });
  await promise;
  socket.removeAllListeners('message');
  return seen;
}

/** Takes up what is offered next and has enough after the first block. */
async function breakOff(socket: Socket): Promise<void> {
  const [oack] = await packets(socket, 1);
  const begun = packets(socket, 1);
  socket.send(encodeTftp({ kind: 'ack', block: 0 }), oack?.from ?? 0, LOOPBACK);
  const [data] = await begun;
  socket.send(encodeTftp({ kind: 'error', code: 0, message: 'enough' }), data?.from ?? 0, LOOPBACK);
}

describe('ThreadedTransfers', () => {
  it('T16 sends a window larger than one call takes, in order and whole', async () => {
    const transfers = stack.use(new ThreadedTransfers({ threads: 1 }));
    await transfers.prepare();
    const socket = await client();
    const answered = packets(socket, 1);
    const report = transfers.run(await transferTo(socket, { windowsize: String(BLOCKS) }));
    const [oack] = await answered;
    if (oack === undefined) throw new Error('no answer');
    const window = packets(socket, BLOCKS);
    socket.send(encodeTftp({ kind: 'ack', block: 0 }), oack.from, LOOPBACK);
    const seen = (await window).map((packet) =>
      packet.kind === 'data' ? [packet.block, packet.data[0], packet.data.length] : packet.kind,
    );
    expect(seen).toEqual(
      Array.from({ length: BLOCKS }, (_, index) => [index + 1, index, index === BLOCKS - 1 ? 511 : 512]),
    );
    socket.send(encodeTftp({ kind: 'ack', block: BLOCKS }), oack.from, LOOPBACK);
    expect(await report).toEqual({
      outcome: { kind: 'completed' },
      acknowledgedBytes: SIZE_BYTES,
      retransmissions: 0,
      strangers: 0,
    });
  });

  it('rejects what cannot be mapped, so that it can be sent in another way', async () => {
    const transfers = stack.use(new ThreadedTransfers({ threads: 1 }));
    const transfer = await transferTo(await client());
    const directory = stack.use(await open(tmpdir()));
    await expect(transfers.run({ ...transfer, descriptor: directory.fd })).rejects.toMatchObject({
      code: 'transfers-unavailable',
    });
  });

  it('replaces a thread that failed; what it was sending is rejected, to be sent in another way', async () => {
    const transfers = stack.use(new ThreadedTransfers({ threads: 1 }));
    const socket = await client();
    const transfer = await transferTo(socket);
    const begun = packets(socket, 1);
    const running = transfers.run(transfer);
    const interrupted = expect(running).rejects.toMatchObject({ code: 'transfers-unavailable' });
    await begun;
    const senseless = { ...transfer, localAddress: undefined } as unknown as FileTransfer;
    await expect(transfers.run(senseless)).rejects.toMatchObject({ code: 'transfers-unavailable' });
    await interrupted;
    const brokenOff = breakOff(socket);
    const second = transfers.run(transfer);
    await brokenOff;
    expect((await second).outcome).toMatchObject({ kind: 'aborted-by-client' });
  });

  it('tells the clients when it is disposed of, and can be used again', async () => {
    const transfers = stack.use(new ThreadedTransfers({ threads: 2 }));
    const socket = await client();
    const first = packets(socket, 2);
    const report = transfers.run(await transferTo(socket));
    await new Promise((resolve) => socket.once('message', resolve));
    await transfers[Symbol.asyncDispose]();
    expect((await first).map(({ kind }) => kind)).toEqual(['oack', 'error']);
    expect((await report).outcome).toEqual({ kind: 'failed', reason: 'content-unavailable' });
    const transfer = await transferTo(socket);
    const brokenOff = breakOff(socket);
    const second = transfers.run(transfer);
    await brokenOff;
    expect((await second).outcome).toMatchObject({ kind: 'aborted-by-client' });
  });
});
