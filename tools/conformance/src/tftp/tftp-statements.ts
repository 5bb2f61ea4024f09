import { judge, NotApplicable, Unmet, type Statement } from '../verdict.js';
import { TftpClient, type TftpReceived } from './tftp-client.js';

/** A server and a file on it of more than 4 KiB. */
export interface TftpTarget {
  readonly host: string;
  readonly port: number;
  readonly file: string;
}

type Options = Readonly<Record<string, string>>;
type Play = (client: TftpClient, target: TftpTarget) => ReturnType<Statement<TftpTarget>['play']>;

const DEFAULT_BLOCK = 512;
/** How long a packet that must not come is waited for. */
const QUIET_MS = 400;
const RESEND_WITHIN_MS = 12_000;

const withClient = (play: Play) => async (target: TftpTarget) => {
  await using client = await TftpClient.open(target.host);
  return await play(client, target);
};

function ask(
  client: TftpClient,
  target: TftpTarget,
  request: { file?: string; mode?: string; options?: Options } = {},
) {
  const { file = target.file, mode = 'octet', options = {} } = request;
  client.send({ kind: 'rrq', filename: file, mode, options: new Map(Object.entries(options)) }, target.port);
}

async function nextOf<K extends TftpReceived['packet']['kind']>(client: TftpClient, kind: K, withinMs?: number) {
  const received = await client.next(withinMs);
  if (received === undefined) throw new Unmet(`no ${kind.toUpperCase()} came`);
  const { packet, port } = received;
  if (packet.kind !== kind) throw new Unmet(`${packetText(received)} came instead of ${kind.toUpperCase()}`);
  return { packet: packet as Extract<typeof packet, { kind: K }>, port };
}

function packetText(received: TftpReceived | undefined): string {
  if (received === undefined) return 'nothing';
  const { packet } = received;
  switch (packet.kind) {
    case 'error':
      return `ERROR ${String(packet.code)} ${packet.message}`;
    case 'data':
      return `DATA ${String(packet.block)} of ${String(packet.data.length)} octets`;
    case 'oack':
      return `OACK ${[...packet.options].map(([name, value]) => `${name}=${value}`).join(' ')}`;
    default:
      return packet.kind.toUpperCase();
  }
}

const ack = (block: number) => ({ kind: 'ack', block }) as const;
const stop = (client: TftpClient, port: number): void => {
  client.send({ kind: 'error', code: 0, message: 'done' }, port);
};

/** Reads to the end, every block acknowledged; gives the sizes of the blocks. */
async function readAll(client: TftpClient, blockSize: number, from?: number): Promise<readonly number[]> {
  const sizes: number[] = [];
  let port = from;
  for (let block = 1; ; block += 1) {
    const { packet, port: sender } = await nextOf(client, 'data');
    port ??= sender;
    if (packet.block !== (block & 0xffff))
      throw new Unmet(`DATA ${String(packet.block)} came for block ${String(block)}`);
    sizes.push(packet.data.length);
    client.send(ack(packet.block), port);
    if (packet.data.length < blockSize) return sizes;
  }
}

async function errorTo(
  client: TftpClient,
  target: TftpTarget,
  bytes: Uint8Array | Parameters<TftpClient['send']>[0],
): Promise<number> {
  client.send(bytes, target.port);
  return (await nextOf(client, 'error')).packet.code;
}

/** The OACK to an option a server need not know; DATA at once says that it does not. */
async function oackOf(client: TftpClient, name: string) {
  const received = await client.next();
  if (received?.packet.kind === 'data') {
    stop(client, received.port);
    throw new NotApplicable(`the server does not know ${name}`);
  }
  if (received?.packet.kind !== 'oack') throw new Unmet(`${packetText(received)} came instead of OACK`);
  return { packet: received.packet, port: received.port };
}

async function oackTo(client: TftpClient, target: TftpTarget, options: Options): Promise<ReadonlyMap<string, string>> {
  ask(client, target, { options });
  const { packet, port } = await nextOf(client, 'oack');
  stop(client, port);
  return packet.options;
}

const shown = (options: ReadonlyMap<string, string>): string =>
  [...options].map(([name, value]) => `${name}=${value}`).join(' ');

export const tftpStatements: readonly Statement<TftpTarget>[] = [
  {
    id: 'T1',
    title: 'The first DATA is block 1; blocks are whole until a short one ends the file',
    reference: 'RFC 1350 section 2',
    play: withClient(async (client, target) => {
      ask(client, target);
      const sizes = await readAll(client, DEFAULT_BLOCK);
      return judge(`${String(sizes.length)} blocks, the last of ${String(sizes.at(-1))}`, {
        'one before the last is not whole': sizes.slice(0, -1).some((size) => size !== DEFAULT_BLOCK),
      });
    }),
  },
  {
    id: 'T2',
    title: 'The server answers each transfer from one port; a fresh one unless it serves from a single port',
    reference: 'RFC 1350 section 4',
    play: withClient(async (client, target) => {
      ask(client, target);
      const first = await nextOf(client, 'data');
      client.send(ack(1), first.port);
      const second = await nextOf(client, 'data');
      stop(client, second.port);
      return judge(first.port === target.port ? 'the request port' : 'a fresh port', {
        'the port changed': first.port !== second.port,
      });
    }),
  },
  {
    id: 'T3',
    title: 'A packet from a wrong port gets ERROR 5, and the transfer goes on',
    reference: 'RFC 1350 section 4',
    play: withClient(async (client, target) => {
      ask(client, target);
      const { port } = await nextOf(client, 'data');
      await using stranger = await TftpClient.open(target.host);
      stranger.send(ack(1), port);
      const answered = await stranger.next(QUIET_MS * 2);
      client.send(ack(1), port);
      const { packet } = await nextOf(client, 'data');
      stop(client, port);
      return judge(`the stranger got ${packetText(answered)}, the client DATA ${String(packet.block)}`, {
        'the stranger got no ERROR 5': answered?.packet.kind !== 'error' || answered.packet.code !== 5,
        'the transfer did not go on': packet.block !== 2,
      });
    }),
  },
  {
    id: 'T4',
    title: 'A repeated ACK never sends DATA again',
    reference: 'RFC 1123 section 4.2.3.1',
    play: withClient(async (client, target) => {
      ask(client, target);
      const { port } = await nextOf(client, 'data');
      client.send(ack(1), port);
      await nextOf(client, 'data');
      client.send(ack(1), port);
      const again = await client.next(QUIET_MS);
      stop(client, port);
      return judge(packetText(again), { 'something was sent again': again !== undefined });
    }),
  },
  {
    id: 'T5',
    title: 'DATA without an ACK is sent again',
    reference: 'RFC 1350 section 2',
    play: withClient(async (client, target) => {
      ask(client, target);
      const { port } = await nextOf(client, 'data');
      const again = await nextOf(client, 'data', RESEND_WITHIN_MS);
      stop(client, port);
      return judge(packetText(again), { 'another block came': again.packet.block !== 1 });
    }),
  },
  {
    id: 'T6',
    title: 'A missing file gets ERROR 1, a write 2, an unknown opcode 4',
    reference: 'RFC 1350 appendix I',
    play: withClient(async (client, target) => {
      ask(client, target, { file: 'no-such-file' });
      const missing = (await nextOf(client, 'error')).packet.code;
      const write = { kind: 'wrq', filename: 'new-file', mode: 'octet', options: new Map<string, string>() } as const;
      const written = await errorTo(client, target, write);
      const unknown = await errorTo(client, target, Uint8Array.of(0, 9, 120, 0, 111, 99, 116, 101, 116, 0));
      return judge(`${String(missing)}, ${String(written)}, ${String(unknown)}`, {
        'the missing file got another code': missing !== 1,
        'the write got another code': written !== 2,
        'the opcode got another code': unknown !== 4,
      });
    }),
  },
  {
    id: 'T7',
    title: 'An ERROR ends the transfer and is neither answered nor repeated',
    reference: 'RFC 1350 section 7',
    play: withClient(async (client, target) => {
      ask(client, target);
      const { port } = await nextOf(client, 'data');
      stop(client, port);
      const after = await client.next(QUIET_MS);
      client.send(ack(1), port);
      const later = await client.next(QUIET_MS);
      return judge(`then ${packetText(after)}, after a late ACK ${packetText(later)}`, {
        'the ERROR was answered': after !== undefined,
        'the transfer went on': later?.packet.kind === 'data',
      });
    }),
  },
  {
    id: 'T8',
    title: 'The mode is read in any case, and mail is refused',
    reference: 'RFC 1350 section 5',
    play: withClient(async (client, target) => {
      ask(client, target, { mode: 'OcTeT' });
      stop(client, (await nextOf(client, 'data')).port);
      ask(client, target, { mode: 'mail' });
      const mail = await client.next();
      return judge(`OcTeT is served, mail gets ${packetText(mail)}`, {
        'mail was not refused': mail?.packet.kind !== 'error',
      });
    }),
  },
  {
    id: 'T9',
    title: 'No name leads out of the root',
    reference: 'RFC 1350 section 5',
    play: withClient(async (client, target) => {
      const names = ['../../../../../../etc/passwd', '/etc/passwd', '..\\..\\etc\\passwd', 'x/../../../../etc/passwd'];
      const served: string[] = [];
      for (const file of names) {
        ask(client, target, { file });
        const received = await client.next();
        if (received?.packet.kind !== 'data') continue;
        stop(client, received.port);
        served.push(file);
      }
      return judge(`${String(names.length)} names tried`, { [`${served.join(', ')} was served`]: served.length > 0 });
    }),
  },
  {
    id: 'T10',
    title: 'Unknown options are passed over, and an OACK has only what was asked for',
    reference: 'RFC 2347',
    play: withClient(async (client, target) => {
      const answered = await oackTo(client, target, { surprise: '1', blksize: '1024' });
      return judge(shown(answered), { 'something else was acknowledged': [...answered.keys()].join() !== 'blksize' });
    }),
  },
  {
    id: 'T11',
    title: 'An OACK waits for ACK 0 before DATA 1; ERROR 8 from the client ends it',
    reference: 'RFC 2347',
    play: withClient(async (client, target) => {
      ask(client, target, { options: { blksize: '1024' } });
      const { port } = await nextOf(client, 'oack');
      const early = await client.next(QUIET_MS);
      client.send(ack(0), port);
      const { packet } = await nextOf(client, 'data');
      stop(client, port);
      ask(client, target, { options: { blksize: '1024' } });
      const refused = await nextOf(client, 'oack');
      client.send({ kind: 'error', code: 8, message: 'refused' }, refused.port);
      const after = await client.next(QUIET_MS);
      return judge(`DATA ${String(packet.block)} after ACK 0, ${packetText(after)} after ERROR 8`, {
        'something came before ACK 0': early !== undefined && early.packet.kind === 'data',
        'DATA 1 did not come': packet.block !== 1,
        'ERROR 8 was answered': after !== undefined,
      });
    }),
  },
  {
    id: 'T12',
    title: 'Names of options are read in any case',
    reference: 'RFC 2347',
    play: withClient(async (client, target) => {
      const answered = await oackTo(client, target, { BLKSIZE: '1024' });
      return judge(shown(answered), {
        'it was not understood': ![...answered.keys()].some((name) => name.toLowerCase() === 'blksize'),
      });
    }),
  },
  {
    id: 'T13',
    title: 'A block size is acknowledged as asked or smaller, and used',
    reference: 'RFC 2348',
    play: withClient(async (client, target) => {
      ask(client, target, { options: { blksize: '1024' } });
      const { packet, port } = await nextOf(client, 'oack');
      const size = Number(packet.options.get('blksize'));
      client.send(ack(0), port);
      const sizes = await readAll(client, size, port);
      return judge(`blksize ${String(size)}, blocks of ${String(sizes[0])}`, {
        'it is larger': !(size >= 8 && size <= 1_024),
        'the blocks differ': sizes.slice(0, -1).some((each) => each !== size),
      });
    }),
  },
  {
    id: 'T14',
    title: 'tsize 0 is answered with the size of the file',
    reference: 'RFC 2349',
    play: withClient(async (client, target) => {
      ask(client, target, { options: { tsize: '0' } });
      const { packet, port } = await nextOf(client, 'oack');
      client.send(ack(0), port);
      const sizes = await readAll(client, DEFAULT_BLOCK, port);
      const total = sizes.reduce((sum, size) => sum + size, 0);
      const told = packet.options.get('tsize') ?? 'nothing';
      return judge(`tsize ${told}, ${String(total)} octets came`, { 'they differ': told !== String(total) });
    }),
  },
  {
    id: 'T15',
    title: 'A timeout of 1 second is echoed and kept',
    reference: 'RFC 2349',
    play: withClient(async (client, target) => {
      ask(client, target, { options: { timeout: '1' } });
      const { packet, port } = await oackOf(client, 'timeout');
      const told = packet.options.get('timeout');
      client.send(ack(0), port);
      await nextOf(client, 'data');
      const startMs = performance.now();
      await nextOf(client, 'data', RESEND_WITHIN_MS);
      const seconds = (performance.now() - startMs) / 1_000;
      stop(client, port);
      return judge(`timeout ${told ?? 'not echoed'}, sent again after ${seconds.toFixed(1)} s`, {
        'it was changed': told !== '1',
        'it was not kept': seconds < 0.5 || seconds > 2.5,
      });
    }),
  },
  {
    id: 'T16',
    title: 'A window size is acknowledged as asked or smaller; so many blocks come for one ACK',
    reference: 'RFC 7440 section 4',
    play: withClient(async (client, target) => {
      ask(client, target, { options: { windowsize: '4' } });
      const { packet, port } = await oackOf(client, 'windowsize');
      const size = Number(packet.options.get('windowsize'));
      client.send(ack(0), port);
      const blocks: number[] = [];
      for (let received = await nextOf(client, 'data'); ; received = await nextOf(client, 'data')) {
        blocks.push(received.packet.block);
        if (blocks.length >= size) break;
      }
      const more = await client.next(QUIET_MS);
      stop(client, port);
      return judge(`windowsize ${String(size)}, blocks ${blocks.join(' ')}`, {
        'it is larger': !(size >= 1 && size <= 4),
        'the blocks are not in order': blocks.some((block, index) => block !== index + 1),
        'more came': more !== undefined,
      });
    }),
  },
  {
    id: 'T17',
    title: 'After a gap the window goes on behind the last block in order',
    reference: 'RFC 7440 section 4',
    play: withClient(async (client, target) => {
      ask(client, target, { options: { windowsize: '4' } });
      const { packet, port } = await oackOf(client, 'windowsize');
      const size = Number(packet.options.get('windowsize'));
      client.send(ack(0), port);
      for (let count = 0; count < size; count += 1) await nextOf(client, 'data');
      client.send(ack(1), port);
      const next = await nextOf(client, 'data');
      stop(client, port);
      return judge(`ACK 1 in a window of ${String(size)}, then DATA ${String(next.packet.block)}`, {
        'it went on elsewhere': next.packet.block !== 2,
      });
    }),
  },
  {
    id: 'T22',
    title: 'Before an ACK no more than ten times the request is sent',
    reference: 'RFC 1350 section 2',
    play: withClient(async (client, target) => {
      ask(client, target, { options: { blksize: '65464', windowsize: '64' } });
      const requestBytes = target.file.length + 40;
      let sentBytes = 0;
      let last: TftpReceived | undefined;
      for (let received = await client.next(); received !== undefined; received = await client.next(QUIET_MS)) {
        last = received;
        sentBytes += received.packet.kind === 'data' ? received.packet.data.length + 4 : 40;
      }
      if (last !== undefined) stop(client, last.port);
      return judge(`${String(sentBytes)} octets for a request of about ${String(requestBytes)}`, {
        'it is more': sentBytes > 10 * requestBytes,
      });
    }),
  },
];
