import { randomBytes } from 'node:crypto';
import { mkdir, rename, truncate, unlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { FileDocument, FileJournal } from '@rackwright/adapter-file-journal';
import { LiquidTemplates } from '@rackwright/adapter-liquid-templates';
import { MemoryStore } from '@rackwright/adapter-memory-store';
import { ThreadedTransfers } from '@rackwright/adapter-tftp-threads';
import { NodeDatagramSockets } from '@rackwright/adapter-udp-socket';
import { silentLogger, type Ipv4 } from '@rackwright/kernel';
import { systemClock } from '@rackwright/platform';
import { encodeTftp, type TftpPacket } from '@rackwright/protocol-tftp';
import { waitFor } from '@rackwright/testing';
import { task } from '../answer-files/answer-file-fixture.js';
import { TftpProbe } from '../tftp/tftp-probe-fixture.js';
import { runBootPlane, type RunningPlane } from './boot-plane-fixture.js';

const closing: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of closing.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

type Mode = 'threads' | 'main thread' | 'single port';

async function run(mode: Mode, env: Readonly<Record<string, string>> = {}): Promise<RunningPlane> {
  const running = await runBootPlane(
    {
      sockets: new NodeDatagramSockets(),
      ...(mode === 'threads' ? { transfers: new ThreadedTransfers({ threads: 1 }) } : {}),
      templates: new LiquidTemplates(),
      store: new MemoryStore({ clock: systemClock }),
      openLog: (directory) => FileJournal.open({ directory, logger: silentLogger }),
      document: (path) => new FileDocument(path),
    },
    { env: { RW_DHCP_MODE: 'off', RW_TFTP_SINGLE_PORT: String(mode === 'single port'), ...env } },
  );
  closing.push(running);
  return running;
}

async function probe(running: RunningPlane, address?: string): Promise<TftpProbe> {
  const opened = await TftpProbe.open(running.tftpPort, address);
  closing.push(opened);
  return opened;
}

const rrq = (filename: string, options: Readonly<Record<string, string>> = {}, mode = 'octet') =>
  encodeTftp({ kind: 'rrq', filename, mode, options: new Map(Object.entries(options)) });

/** Reads on from block 1, in lock step; gives all the octets, or the packet that ended it. */
async function readOn(client: TftpProbe, first: TftpPacket, blockSizeBytes = 512): Promise<Buffer | TftpPacket> {
  const parts: Uint8Array[] = [];
  for (let packet = first; ; packet = await client.answerAndReceive({ kind: 'ack', block: parts.length % 65_536 })) {
    if (packet.kind !== 'data') return packet;
    if (packet.block !== (parts.length + 1) % 65_536) continue;
    parts.push(packet.data);
    if (packet.data.length === blockSizeBytes) continue;
    client.answer({ kind: 'ack', block: packet.block });
    return Buffer.concat(parts);
  }
}

const SIZE_BYTES = 200_000;
const LONG_AGO = new Date('2026-01-01T00:00:00Z');

describe.each<Mode>(['threads', 'main thread', 'single port'])('a file that changes while it is sent, %s', (mode) => {
  it.each([
    ['is written over', (path: string) => writeFile(path, randomBytes(SIZE_BYTES), { flag: 'r+' })],
    ['loses its end within a page', (path: string) => truncate(path, SIZE_BYTES - 100)],
    ['loses its end', (path: string) => truncate(path, 50_000)],
    ['grows', (path: string) => writeFile(path, 'more', { flag: 'a' })],
  ])('ends with an ERROR and never whole when it %s', async (_how, change) => {
    const running = await run(mode);
    const path = join(running.assetDir, 'initrd');
    await writeFile(path, randomBytes(SIZE_BYTES));
    // Older than one tick of the clock of the file system, within which two changes look like one.
    await utimes(path, LONG_AGO, LONG_AGO);
    const client = await probe(running);
    const first = await client.ask(rrq('initrd'));
    await change(path);
    expect(await readOn(client, first)).toMatchObject({ kind: 'error', code: 0 });
    await waitFor(() => running.plane.tftpStatus()['sessions'] === 0, { what: 'its end' });
    expect(await running.metrics.render()).toContain('rw_tftp_transfers_total{result="failed"} 1');
  });

  it('ends well when it is replaced or removed', async () => {
    const running = await run(mode);
    const path = join(running.assetDir, 'initrd');
    const content = randomBytes(SIZE_BYTES);
    for (const change of [() => rename(`${path}.new`, path), () => unlink(path)]) {
      await writeFile(path, content);
      await writeFile(`${path}.new`, 'another');
      const client = await probe(running);
      const first = await client.ask(rrq('initrd'));
      await change();
      const read = await readOn(client, first);
      expect(Buffer.isBuffer(read) && read.equals(content)).toBe(true);
    }
  });

  it('T14 the size is that of the file as the machine gets it, with its patch in it, and of what is rendered', async () => {
    const running = await run(mode, { RW_IPXE_SCRIPT_PATCH: 'set rw-mac {mac}' });
    const marker =
      '#a8b7e61f1075c37a793f2f92cee89f7bba00c4a8d7842ce3d40b5889032d8881\n' +
      '#ddd16a4fc4926ecefdfb6941e33c44ed3647133638f5e84021ea44d3152e7f97';
    const binary = Buffer.concat([randomBytes(3_000), Buffer.from(marker), randomBytes(1_000)]);
    await writeFile(join(running.assetDir, 'ipxe.efi'), binary);
    running.region.put(task());
    const patched = Buffer.from(binary);
    patched.write('set rw-mac 00:1a:2b:3c:4d:5e'.padEnd(marker.length), 3_000);
    const fetched = async (name: string): Promise<readonly [string | undefined, Buffer | TftpPacket]> => {
      const client = await probe(running);
      const oack = await client.ask(rrq(name, { tsize: '0' }));
      let first = await client.answerAndReceive({ kind: 'ack', block: 0 });
      while (first.kind === 'oack') first = await client.receive();
      return [oack.kind === 'oack' ? oack.options.get('tsize') : undefined, await readOn(client, first)];
    };
    expect(await fetched('ipxe.efi')).toEqual([String(binary.length), binary]);
    expect(await fetched('00-1a-2b-3c-4d-5e/ipxe.efi')).toEqual([String(binary.length), patched]);
    const [size, config] = await fetched('pxelinux.cfg/01-00-1a-2b-3c-4d-5e');
    if (!Buffer.isBuffer(config)) throw new Error('no configuration');
    expect(config.toString()).toMatch(/^DEFAULT rackwright\n/);
    expect(size).toBe(String(config.length));
  });

  it('T8 a file that is no text in size is refused in netascii', async () => {
    const running = await run(mode);
    await writeFile(join(running.assetDir, 'image'), '');
    await truncate(join(running.assetDir, 'image'), 2 ** 33);
    const client = await probe(running);
    expect(await client.ask(rrq('image', {}, 'netascii'))).toMatchObject({ kind: 'error', code: 4 });
    expect(await client.ask(rrq('image', { tsize: '0' }))).toEqual({
      kind: 'oack',
      options: new Map([['tsize', String(2 ** 33)]]),
    });
    client.answer({ kind: 'error', code: 8, message: 'enough' });
  });
});

it('what a thread that fails was sending is sent from the main thread', async () => {
  const transfers = new ThreadedTransfers({ threads: 1 });
  const running = await runBootPlane(
    {
      sockets: new NodeDatagramSockets(),
      // A thread that cannot make sense of what it is told dies of it.
      transfers: {
        prepare: () => transfers.prepare(),
        run: (transfer) => transfers.run({ ...transfer, localAddress: undefined as unknown as Ipv4 }),
        [Symbol.asyncDispose]: () => transfers[Symbol.asyncDispose](),
      },
      templates: new LiquidTemplates(),
      store: new MemoryStore({ clock: systemClock }),
      openLog: (directory) => FileJournal.open({ directory, logger: silentLogger }),
      document: (path) => new FileDocument(path),
    },
    { env: { RW_DHCP_MODE: 'off' } },
  );
  closing.push(running);
  const content = randomBytes(SIZE_BYTES);
  await writeFile(join(running.assetDir, 'initrd'), content);
  for (let round = 0; round < 3; round += 1) {
    const client = await probe(running);
    const read = await readOn(client, await client.ask(rrq('initrd')));
    expect(Buffer.isBuffer(read) && read.equals(content)).toBe(true);
  }
});

it('every result of a transfer and every code of an error is counted', async () => {
  const running = await run('threads', { RW_TFTP_MAX_SESSIONS_PER_CLIENT: '1' });
  await mkdir(join(running.assetDir, 'folder'));
  await writeFile(join(running.assetDir, 'initrd'), randomBytes(SIZE_BYTES));
  const client = await probe(running);
  await client.ask(rrq('folder'));
  await client.ask(encodeTftp({ kind: 'wrq', filename: 'x', mode: 'octet', options: new Map() }));
  await client.ask(Buffer.from([0, 9, 0, 0]));
  await client.ask(rrq('initrd', { timeout: '255' }));
  client.answer({ kind: 'ack', block: 0 });
  await (await probe(running)).ask(rrq('initrd'));
  const text = await running.metrics.render();
  expect(text).toContain('rw_tftp_sessions 1');
  await using stranger = await TftpProbe.open(running.tftpPort, '127.0.0.2');
  const silent = await stranger.ask(rrq('initrd', { timeout: '1' }));
  expect(silent.kind).toBe('oack');
  client.answer({ kind: 'data', block: 1, data: new Uint8Array(1) });
  const isTold = async (line: string): Promise<boolean> => (await running.metrics.render()).includes(line);
  const result = (kind: string): string => `rw_tftp_transfer_seconds_count{result="${kind}"} 1`;
  await waitFor(() => isTold(result('failed')), { what: 'the end of a transfer with a packet out of place' });
  await waitFor(() => isTold(result('timed-out')), { what: 'the end of a transfer that nobody answers' });
  const lines = (await running.metrics.render()).split('\n');
  for (const line of [
    'rw_tftp_transfers_total{result="forbidden"} 1',
    'rw_tftp_transfers_total{result="refused"} 1',
    'rw_tftp_transfers_total{result="garbage"} 1',
    'rw_tftp_transfers_total{result="overloaded"} 1',
    'rw_tftp_transfers_total{result="failed"} 1',
    'rw_tftp_transfers_total{result="timed-out"} 1',
    'rw_tftp_errors_total{code="2",from="server"} 2',
    'rw_tftp_errors_total{code="4",from="server"} 2',
    'rw_tftp_errors_total{code="0",from="server"} 1',
    result('timed-out'),
  ])
    expect(lines).toContain(line);
  expect(lines).toContainEqual(expect.stringMatching(/^rw_tftp_retransmissions_total [1-9]/));
});
