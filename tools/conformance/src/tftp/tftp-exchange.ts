import { NotApplicable, Unmet, verdictOf, type Statement } from '../verdict.js';
import { TftpClient, type TftpReceived } from './tftp-client.js';

/** A server and a file on it of more than 4 KiB. */
export interface TftpTarget {
  readonly host: string;
  readonly port: number;
  readonly file: string;
}

type Options = Readonly<Record<string, string>>;
type Play = (client: TftpClient, target: TftpTarget) => ReturnType<Statement<TftpTarget>['play']>;

export const DEFAULT_BLOCK = 512;
/** How long a packet that must not come is waited for. */
export const QUIET_MS = 400;
export const RESEND_WITHIN_MS = 12_000;

/** How often a statement is played that does not hold while packets are late. */
const MAX_LOOKS = 5;

/** Plays a statement; anew, with another client, where it failed and packets were late. */
export const withClient = (play: Play) => async (target: TftpTarget) => {
  for (let looks = 1; ; looks += 1) {
    await using client = await TftpClient.open(target.host);
    const verdict = await verdictOf(play(client, target));
    const isTrue = verdict.outcome !== 'fail' || !client.wasLate;
    if (isTrue || looks === MAX_LOOKS) return verdict;
  }
};

export function ask(
  client: TftpClient,
  target: TftpTarget,
  request: { file?: string; mode?: string; options?: Options } = {},
) {
  const { file = target.file, mode = 'octet', options = {} } = request;
  client.send({ kind: 'rrq', filename: file, mode, options: new Map(Object.entries(options)) }, target.port);
}

export async function nextOf<K extends TftpReceived['packet']['kind']>(client: TftpClient, kind: K, withinMs?: number) {
  const received = await client.next(withinMs);
  if (received === undefined) throw new Unmet(`no ${kind.toUpperCase()} came`);
  const { packet, port } = received;
  if (packet.kind !== kind) throw new Unmet(`${packetText(received)} came instead of ${kind.toUpperCase()}`);
  return { packet: packet as Extract<typeof packet, { kind: K }>, port };
}

export function packetText(received: TftpReceived | undefined): string {
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

export const ack = (block: number) => ({ kind: 'ack', block }) as const;
export const stop = (client: TftpClient, port: number): void => {
  client.send({ kind: 'error', code: 0, message: 'done' }, port);
};

/** Reads to the end, every block acknowledged; gives the sizes of the blocks. */
export async function readAll(client: TftpClient, blockSize: number, from?: number): Promise<readonly number[]> {
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

export async function errorTo(
  client: TftpClient,
  target: TftpTarget,
  bytes: Uint8Array | Parameters<TftpClient['send']>[0],
): Promise<number> {
  client.send(bytes, target.port);
  return (await nextOf(client, 'error')).packet.code;
}

/** The OACK to an option a server need not know; DATA at once says that it does not. */
export async function oackOf(client: TftpClient, name: string) {
  const received = await client.next();
  const isUnknown =
    received?.packet.kind === 'data' || (received?.packet.kind === 'oack' && !received.packet.options.has(name));
  if (isUnknown) {
    stop(client, received.port);
    throw new NotApplicable(`the server does not know ${name}`);
  }
  if (received?.packet.kind !== 'oack') throw new Unmet(`${packetText(received)} came instead of OACK`);
  return { packet: received.packet, port: received.port };
}

export async function oackTo(
  client: TftpClient,
  target: TftpTarget,
  options: Options,
): Promise<ReadonlyMap<string, string>> {
  ask(client, target, { options });
  const { packet, port } = await nextOf(client, 'oack');
  stop(client, port);
  return packet.options;
}

export const shown = (options: ReadonlyMap<string, string>): string =>
  [...options].map(([name, value]) => `${name}=${value}`).join(' ');
