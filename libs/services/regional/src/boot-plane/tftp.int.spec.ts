import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FileDocument, FileJournal } from '@rackwright/adapter-file-journal';
import { LiquidTemplates } from '@rackwright/adapter-liquid-templates';
import { MemoryStore } from '@rackwright/adapter-memory-store';
import { ThreadedTransfers } from '@rackwright/adapter-tftp-threads';
import { NodeDatagramSockets } from '@rackwright/adapter-udp-socket';
import { silentLogger } from '@rackwright/kernel';
import { systemClock } from '@rackwright/platform';
import { encodeTftp, type TftpPacket } from '@rackwright/protocol-tftp';
import { findBinary, playTftpExchange, readTftpExchanges, waitFor } from '@rackwright/testing';
import { task } from '../answer-files/answer-file-fixture.js';
import { TftpProbe } from '../tftp/tftp-probe-fixture.js';
import { runBootPlane, type PlaneOptions, type RunningPlane } from './boot-plane-fixture.js';

type Mode = 'threads' | 'main thread' | 'single port';
const modes: readonly Mode[] = ['threads', 'main thread', 'single port'];
const { files, exchanges } = await readTftpExchanges();

async function runMode(mode: Mode, options: PlaneOptions = {}): Promise<RunningPlane> {
  const env = { RW_DHCP_MODE: 'off', RW_TFTP_SINGLE_PORT: String(mode === 'single port'), ...options.env };
  return runBootPlane(
    {
      sockets: new NodeDatagramSockets(),
      ...(mode === 'threads' ? { transfers: new ThreadedTransfers({ threads: 2 }) } : {}),
      templates: new LiquidTemplates(),
      store: new MemoryStore({ clock: systemClock }),
      openLog: (directory) => FileJournal.open({ directory, logger: silentLogger }),
      document: (path) => new FileDocument(path),
    },
    { ...options, env },
  );
}

const closing: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of closing.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

async function run(mode: Mode, options: PlaneOptions = {}): Promise<RunningPlane> {
  const running = await runMode(mode, options);
  closing.push(running);
  return running;
}

async function probe(running: RunningPlane): Promise<TftpProbe> {
  const opened = await TftpProbe.open(running.tftpPort);
  closing.push(opened);
  return opened;
}

const call = promisify(execFile);
const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
/** In blocks of 512 octets more than the 65,535 that have a number. */
const BIG_BYTES = 33 * 1024 * 1024 + 1;

async function withBigFile(running: RunningPlane): Promise<string> {
  const bytes = randomBytes(BIG_BYTES);
  await writeFile(join(running.assetDir, 'big.bin'), bytes);
  return digest(bytes);
}

async function curl(port: number, name: string, ...options: readonly string[]): Promise<Buffer> {
  const url = `tftp://127.0.0.1:${port}/${name}`;
  const { stdout } = await call('curl', ['-sS', '--path-as-is', ...options, url], {
    encoding: 'buffer',
    maxBuffer: 2 * BIG_BYTES,
  });
  return stdout;
}

const rrq = (filename: string, options: Readonly<Record<string, string>> = {}, mode = 'octet') =>
  encodeTftp({ kind: 'rrq', filename, mode, options: new Map(Object.entries(options)) });
const error = (code: number): TftpPacket => ({ kind: 'error', code, message: 'done' });

describe.each(modes)('TFTP on real sockets, %s', (mode) => {
  describe('on the wire', () => {
    let running: RunningPlane;
    beforeAll(async () => {
      running = await runMode(mode);
      for (const [name, content] of files) await writeFile(join(running.assetDir, name), content);
    });
    afterAll(() => running[Symbol.asyncDispose]());

    it.concurrent.each(exchanges)('$statement $title, $source', async (exchange) => {
      const isSinglePort = mode === 'single port';
      await playTftpExchange(exchange, { address: '127.0.0.1', port: running.tftpPort, files, isSinglePort });
      expect(running.plane.tftpStatus()).toMatchObject({ status: 'running' });
    });
  });

  it('T1 T13 curl fetches 33 MiB byte for byte, with two block sizes', async () => {
    const running = await run(mode);
    const expected = await withBigFile(running);
    expect(digest(await curl(running.tftpPort, 'big.bin', '--tftp-blksize', '8192'))).toBe(expected);
    expect(digest(await curl(running.tftpPort, 'big.bin', '--tftp-blksize', '1428'))).toBe(expected);
    await waitFor(() => running.plane.tftpStatus()['sessions'] === 0, { what: 'both transfers to end' });
    expect(running.plane.tftpStatus()).toMatchObject({ success: 2, failed: 0, bytes_served: 2 * BIG_BYTES });
  });

  it('T16 T19 atftp, tftp-hpa and busybox fetch it too, with more blocks than the counter has numbers', async () => {
    const running = await run(mode);
    const expected = await withBigFile(running);
    const port = String(running.tftpPort);
    const into = (name: string): string => join(running.stateDir, name);
    const [atftp, tftp, busybox] = ['atftp', 'tftp', 'busybox'].map((name) => findBinary(name, 'make deps DEPS=test'));
    const options = ['--option', 'blksize 1468', '--option', 'windowsize 16'];
    const file = ['-r', 'big.bin', '-l'];
    await call(String(atftp), ['--get', ...options, ...file, into('atftp'), '127.0.0.1', port]);
    await call(String(tftp), ['-m', 'binary', '127.0.0.1', port, '-c', 'get', 'big.bin', into('hpa')]);
    await call(String(busybox), ['tftp', '-g', '-b', '1428', ...file, into('busybox'), '127.0.0.1', port]);
    for (const name of ['atftp', 'hpa', 'busybox'])
      expect([name, digest(await readFile(into(name)))]).toEqual([name, expected]);
  });

  it('T8 tftp-hpa fetches a text as netascii and gets its own line ends back', async () => {
    const running = await run(mode);
    await writeFile(join(running.assetDir, 'menu.txt'), 'one\ntwo\n'.repeat(1_000));
    const target = join(running.stateDir, 'menu');
    const arguments_ = ['-m', 'netascii', '127.0.0.1', String(running.tftpPort), '-c', 'get', 'menu.txt', target];
    await call(findBinary('tftp', 'make deps DEPS=test'), arguments_);
    expect(await readFile(target, 'latin1')).toBe('one\ntwo\n'.repeat(1_000));
  });

  it('T9 nothing outside of the directory is reachable, not even by a symbolic link', async () => {
    const running = await run(mode);
    const { assetDir, stateDir } = running;
    await writeFile(join(stateDir, 'secret'), 'secret');
    await symlink(join(stateDir, 'secret'), join(assetDir, 'link'));
    await symlink('ipxe.efi', join(assetDir, 'inner'));
    await writeFile(join(assetDir, 'ipxe.efi'), 'binary');
    await mkdir(join(assetDir, 'folder'));
    for (const name of ['../secret', 'folder/../../secret', 'link', 'folder', `${stateDir}/secret`]) {
      const client = await probe(running);
      expect([name, (await client.ask(rrq(name))).kind]).toEqual([name, 'error']);
    }
    for (const name of ['ipxe.efi', '/ipxe.efi', 'inner']) {
      const client = await probe(running);
      expect(await client.ask(rrq(name))).toEqual({ kind: 'data', block: 1, data: Buffer.from('binary') });
      client.answer({ kind: 'ack', block: 1 });
    }
  });

  it('T20 a thousand size probes from one port leave nothing behind', async () => {
    const running = await run(mode);
    await withBigFile(running);
    const client = await probe(running);
    for (let round = 0; round < 1_000; round += 1) {
      // Of another size each, so that an OACK that was repeated meanwhile is not taken for the next one.
      const blksize = String(1_468 - round);
      const isOurs = (packet: TftpPacket): boolean =>
        packet.kind !== 'oack' || packet.options.get('blksize') === blksize;
      let packet = await client.ask(rrq('big.bin', { tsize: '0', blksize }));
      while (!isOurs(packet)) packet = await client.receive();
      expect(packet.kind).toBe('oack');
      client.answer(error(8));
    }
    await waitFor(() => running.plane.tftpStatus()['sessions'] === 0, { what: 'no session' });
    expect(running.plane.tftpStatus()).toMatchObject({ total_requests: 1_000, failed: 0 });
  });

  it('T21 bounds the transfers of one client and of all', async () => {
    const running = await run(mode, { env: { RW_TFTP_MAX_SESSIONS_PER_CLIENT: '3', RW_TFTP_MAX_SESSIONS: '4' } });
    await withBigFile(running);
    const from = async (address: string): Promise<string> => {
      const client = await TftpProbe.open(running.tftpPort, address);
      closing.push(client);
      const packet = await client.ask(rrq('big.bin', { timeout: '255' }));
      // From here on it may take as long as it takes.
      if (packet.kind === 'oack') client.answer({ kind: 'ack', block: 0 });
      return packet.kind;
    };
    const kinds: string[] = [];
    for (const address of ['127.0.0.2', '127.0.0.2', '127.0.0.2', '127.0.0.2', '127.0.0.3', '127.0.0.4']) {
      kinds.push(await from(address));
    }
    expect(kinds).toEqual(['oack', 'oack', 'oack', 'error', 'oack', 'error']);
    expect(running.plane.tftpStatus()).toMatchObject({ sessions: 4 });
  });

  it('a file that is cut short while it is read ends the transfer with an ERROR', async () => {
    const running = await run(mode);
    await withBigFile(running);
    const client = await probe(running);
    let packet = await client.ask(rrq('big.bin'));
    await truncate(join(running.assetDir, 'big.bin'), 0);
    while (packet.kind === 'data') packet = await client.answerAndReceive({ kind: 'ack', block: packet.block });
    expect(packet).toMatchObject({ kind: 'error', code: 0 });
    expect((await (await probe(running)).ask(rrq('big.bin'))).kind).toBe('data');
  });

  it('tells the clients when the service stops', async () => {
    const running = await run(mode);
    await withBigFile(running);
    const client = await probe(running);
    let packet = await client.ask(rrq('big.bin'));
    await running.plane.stop();
    while (packet.kind === 'data') packet = await client.receive();
    expect(packet).toEqual({ kind: 'error', code: 0, message: 'the server is stopping' });
  });

  it('counts garbage and goes on', async () => {
    const running = await run(mode);
    await writeFile(join(running.assetDir, 'ipxe.efi'), 'binary');
    const client = await probe(running);
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(1), randomBytes(500), Buffer.alloc(60_000, 7)])
      client.send(bytes);
    await waitFor(async () => /result="garbage"\} [3-9]/.test(await running.metrics.render()), { what: 'the garbage' });
    expect((await curl(running.tftpPort, 'ipxe.efi')).toString()).toBe('binary');
  });
});

describe('names of one machine', () => {
  const mac = task().mac;

  it('a binary below the MAC in any spelling is the same, and the machine is remembered', async () => {
    const running = await run('threads');
    await writeFile(join(running.assetDir, 'ipxe.efi'), 'binary');
    for (const spelling of ['001a2b3c4d5e', '00:1a:2b:3c:4d:5e', '00-1A-2B-3C-4D-5E', '001a.2b3c.4d5e']) {
      expect((await curl(running.tftpPort, `${spelling}/ipxe.efi`)).toString()).toBe('binary');
    }
    expect(running.region.sightings).toEqual(Array.from({ length: 4 }, () => ({ mac })));
  });

  it('U-Boot and PXELINUX get the installation of an approved machine, counted like a script', async () => {
    const running = await run('threads');
    running.region.put(task());
    const config = (await curl(running.tftpPort, 'pxelinux.cfg/01-00-1a-2b-3c-4d-5e')).toString();
    const url = running.http.url;
    expect(config.split('\n').slice(0, 5)).toEqual([
      'DEFAULT rackwright',
      'PROMPT 0',
      'LABEL rackwright',
      '  KERNEL /static/debian/12/amd64/linux',
      '  INITRD /static/debian/12/amd64/initrd.gz',
    ]);
    expect(config).toContain(` url=${url}/preseed/${mac}/preseed.cfg?token=${task().boot.token} `);
    expect(config).toContain(' BOOTIF=01-00-1a-2b-3c-4d-5e ');
    expect(config).not.toContain('initrd=');
    await waitFor(() => running.region.reports.length === 1, { what: 'the boot to be counted' });
    const grub = (await curl(running.tftpPort, 'debian/grub.cfg-01-00-1a-2b-3c-4d-5e')).toString();
    expect(grub).toMatch(/^linux '\/static\/debian\/12\/amd64\/linux' .*\ninitrd '\/static\/[^']*initrd.gz'\nboot\n$/);
  });

  it('every other machine boots from its disk', async () => {
    const running = await run('threads');
    const config = (await curl(running.tftpPort, 'pxelinux.cfg/01-52-54-00-00-00-01')).toString();
    expect(config).toBe('DEFAULT local\nPROMPT 0\nLABEL local\n  LOCALBOOT 0\n');
  });
});

it.each([0, 1])('T19 the block after 65535 has the number %i, as set', async (number) => {
  const running = await run('threads', { env: { RW_TFTP_BLOCK_ROLLOVER: String(number) } });
  const content = Buffer.alloc(8 * 65_537 + 3);
  for (let block = 1; block <= 65_537; block += 1) content.writeUInt32LE(block, 8 * (block - 1));
  await writeFile(join(running.assetDir, 'tiny-blocks'), content);
  const client = await probe(running);
  await client.ask(rrq('tiny-blocks', { blksize: '8', windowsize: '32768' }));
  // A window leaves before the next packet is looked at, and is acknowledged unread: only what comes behind them matters.
  for (const block of [0, 32_768, 65_535]) client.answer({ kind: 'ack', block });
  let packet = await client.receive();
  while (packet.kind !== 'data' || Buffer.from(packet.data).readUInt32LE(0) !== 65_536) packet = await client.receive();
  expect(packet.block).toBe(number);
  client.answer(error(0));
});

it('every series of TFTP moves', async () => {
  const running = await run('threads');
  await writeFile(join(running.assetDir, 'ipxe.efi'), 'binary');
  await curl(running.tftpPort, 'ipxe.efi');
  const client = await probe(running);
  await client.ask(rrq('missing'));
  // Left without an answer, the OACK comes again after the time asked for.
  for (const packet of [await client.ask(rrq('ipxe.efi', { tsize: '0', timeout: '1' })), await client.receive()]) {
    expect(packet.kind).toBe('oack');
  }
  client.answer(error(8));
  const series = [
    'rw_tftp_transfers_total{result="completed"} 1',
    'rw_tftp_transfers_total{result="probed"} 1',
    'rw_tftp_transfers_total{result="not-found"} 1',
    'rw_tftp_bytes_total 6',
    'rw_tftp_errors_total{code="1",from="server"} 1',
    'rw_tftp_errors_total{code="8",from="client"} 1',
    'rw_tftp_transfer_seconds_count{result="completed"} 1',
    'rw_tftp_sessions 0',
  ];
  await waitFor(async () => (await running.metrics.render()).includes('rw_tftp_sessions 0'), { what: 'no session' });
  const text = (await running.metrics.render()).split('\n');
  expect(text).toEqual(expect.arrayContaining(series));
  expect(text).toContainEqual(expect.stringMatching(/^rw_tftp_retransmissions_total [1-9]\d*$/));
});
