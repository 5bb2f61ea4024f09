import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FileDocument, FileJournal } from '@rackwright/adapter-file-journal';
import { LiquidTemplates } from '@rackwright/adapter-liquid-templates';
import { MemoryStore } from '@rackwright/adapter-memory-store';
import { ThreadedTransfers } from '@rackwright/adapter-tftp-threads';
import { NodeDatagramSockets } from '@rackwright/adapter-udp-socket';
import { silentLogger } from '@rackwright/kernel';
import { systemClock } from '@rackwright/platform';
import { decodeTftp, encodeTftp } from '@rackwright/protocol-tftp';
import { waitFor } from '@rackwright/testing';
import { TftpProbe } from '../tftp/tftp-probe-fixture.js';
import { runBootPlane, type RunningPlane } from './boot-plane-fixture.js';

const CLIENTS = 1_000;
/** As many as one address may have; a loopback host has all of 127.0.0.0/8. */
const CLIENTS_PER_ADDRESS = 64;
const FILE_BYTES = 128 * 1_024;
const BLOCK_BYTES = 1_024;
const WINDOW_BLOCKS = 4;
const BLOCKS = FILE_BYTES / BLOCK_BYTES + 1;
const RETRY_MS = 5_000;
/** All of it: the sockets of the clients and the server, with their buffers, and what the sessions hold. */
const MAX_GROWTH_BYTES = 300 * 1_048_576;

interface Progress {
  blocks: number;
}

function run(inThreads: boolean): Promise<RunningPlane> {
  return runBootPlane(
    {
      sockets: new NodeDatagramSockets(),
      ...(inThreads ? { transfers: new ThreadedTransfers({ threads: 1 }) } : {}),
      templates: new LiquidTemplates(),
      store: new MemoryStore({ clock: systemClock }),
      openLog: (directory) => FileJournal.open({ directory, logger: silentLogger }),
      document: (path) => new FileDocument(path),
    },
    { env: { RW_DHCP_MODE: 'off' } },
  );
}

const addressOf = (client: number): string => `127.0.1.${1 + Math.floor(client / CLIENTS_PER_ADDRESS)}`;

const request = encodeTftp({
  kind: 'rrq',
  filename: 'initrd',
  mode: 'octet',
  options: new Map([
    ['blksize', String(BLOCK_BYTES)],
    ['windowsize', String(WINDOW_BLOCKS)],
    // Until all have begun nobody is given up, on however slow a machine.
    ['timeout', '60'],
  ]),
});

const unknownTransfer = encodeTftp({ kind: 'error', code: 5, message: 'unknown transfer' });

interface Download {
  readonly socket: Socket;
  readonly port: number;
  readonly progress: Progress;
  /** Nobody goes beyond the first window before. */
  readonly gate: Promise<undefined>;
}

/** Reads the file with windows; repeats its last packet when nothing comes. Resolves when the last block is in. */
async function download({ socket, port, progress, gate }: Download): Promise<void> {
  let from = port;
  const { promise: ended, resolve } = Promise.withResolvers<undefined>();
  const answer = (): void => {
    const isAsking = from === port;
    socket.send(isAsking ? request : encodeTftp({ kind: 'ack', block: progress.blocks }), from, '127.0.0.1');
  };
  const answerInTurn = (): void => {
    if (progress.blocks === 0) answer();
    else void gate.then(answer);
  };
  const take = (block: number): void => {
    if (block !== progress.blocks + 1) return;
    progress.blocks += 1;
    const isLast = progress.blocks === BLOCKS;
    if (isLast) resolve(undefined);
    if (isLast || progress.blocks % WINDOW_BLOCKS === 0) answerInTurn();
  };
  let timer = setInterval(answerInTurn, RETRY_MS);
  socket.on('message', (bytes, sender) => {
    const packet = decodeTftp(bytes);
    // A repeated request may have begun a second transfer, or found no room for one: RFC 1350 section 4.
    if (!packet.ok || packet.value.kind === 'error') return;
    if (from !== port && from !== sender.port) {
      socket.send(unknownTransfer, sender.port, '127.0.0.1');
      return;
    }
    clearInterval(timer);
    timer = setInterval(answerInTurn, RETRY_MS);
    from = sender.port;
    if (packet.value.kind === 'oack') answer();
    if (packet.value.kind === 'data') take(packet.value.block);
  });
  answer();
  try {
    await ended;
  } finally {
    clearInterval(timer);
  }
}

async function openClients(): Promise<readonly Socket[]> {
  const sockets = Array.from({ length: CLIENTS }, () => createSocket({ type: 'udp4' }));
  for (const [client, socket] of sockets.entries()) {
    socket.bind(0, addressOf(client));
    await once(socket, 'listening');
  }
  return sockets;
}

it.each([
  ['threads', true],
  ['the main thread', false],
])(
  'T21 a thousand transfers at once end in %s, in bounded memory and without starving one',
  async (_where, inThreads) => {
    await using running = await run(inThreads);
    await writeFile(join(running.assetDir, 'initrd'), Buffer.alloc(FILE_BYTES, 7));
    const sockets = await openClients();
    const progress = sockets.map(() => ({ blocks: 0 }));
    const gate = Promise.withResolvers<undefined>();
    const rss = (): number => process.memoryUsage.rss();
    const before = rss();
    let most = 0;
    let fewestWhenHalfWereDone: number | undefined;
    let done = 0;
    const all = sockets.map(async (socket, client) => {
      await download({
        socket,
        port: running.tftpPort,
        progress: progress[client] ?? { blocks: 0 },
        gate: gate.promise,
      });
      most = Math.max(most, rss());
      done += 1;
      if (done === CLIENTS / 2) fewestWhenHalfWereDone = Math.min(...progress.map(({ blocks }) => blocks));
    });
    const haveBegun = (): boolean => progress.every(({ blocks }) => blocks === WINDOW_BLOCKS);
    await waitFor(() => haveBegun() && running.plane.tftpStatus()['sessions'] === CLIENTS, {
      what: 'all to run at once',
      deadlineMs: 150_000,
      pollMs: 50,
    });
    await using late = await TftpProbe.open(running.tftpPort, '127.0.2.1');
    expect(await late.ask(request)).toMatchObject({ kind: 'error', code: 0 });
    gate.resolve(undefined);
    await Promise.all(all);
    expect(fewestWhenHalfWereDone).toBeGreaterThan(WINDOW_BLOCKS);
    expect(most - before).toBeLessThan(MAX_GROWTH_BYTES);
    await waitFor(() => running.plane.tftpStatus()['sessions'] === 0, { what: 'all sessions to end' });
    for (const socket of sockets) socket.close();
    expect(running.plane.counters()).toMatchObject({ tftp_transfers: CLIENTS, tftp_bytes: CLIENTS * FILE_BYTES });
  },
  300_000,
);
