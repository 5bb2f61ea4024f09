import { expect, it } from 'vitest';
import { parseIpv4, silentLogger, type Ipv4 } from '@rackwright/kernel';
import { Metrics } from '@rackwright/platform';
import { decodeTftp, encodeTftp, type TftpPacket } from '@rackwright/protocol-tftp';
import { ManualClock, MemoryNetwork, waitFor } from '@rackwright/testing';
import { NETASCII_MAX_BYTES, type TftpContent } from './tftp-contents.js';
import { TftpServer } from './tftp-server.js';

const address = (text: string): Ipv4 => {
  const parsed = parseIpv4(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
};
const SERVER = address('10.0.0.1');
const CLIENT = address('10.0.0.2');
const PORT = 69;

/** A file too large for netascii whose closing takes until the end of the test. */
class StuckContent implements TftpContent {
  readonly sizeBytes = NETASCII_MAX_BYTES + 1;
  readonly closed = Promise.withResolvers<undefined>();

  async read(target: Uint8Array): Promise<number> {
    return target.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.closed.promise;
  }
}

/** A server on a network in memory, and a client that hears its answers. */
class Pair implements AsyncDisposable {
  readonly heard: TftpPacket[] = [];
  readonly #server: TftpServer;
  readonly #network = new MemoryNetwork();
  #send: (request: Uint8Array) => void = () => undefined;

  constructor(open: (name: string) => Promise<TftpContent | 'not-found'>) {
    this.#server = new TftpServer({
      config: {
        ...{ tftpEnabled: true, tftpAddress: SERVER, tftpPort: PORT, tftpSinglePort: false, tftpThreads: 0 },
        ...{ tftpMaxSessions: 9, tftpMaxSessionsPerClient: 9, tftpMaxBlockSize: 65_464, tftpBlockRollover: 0 },
      },
      sockets: this.#network.addHost([{ name: 'eth0', address: SERVER, segment: 'a' }]),
      contents: { open },
      traceOf: () => undefined,
      ...{ clock: new ManualClock(), metrics: new Metrics({ processMetrics: false }), logger: silentLogger },
    });
  }

  async start(): Promise<void> {
    await this.#server.start();
    const host = this.#network.addHost([{ name: 'eth0', address: CLIENT, segment: 'a' }]);
    const client = await host.open({ address: CLIENT, port: 2_000 });
    client.onDatagram((bytes) => {
      const packet = decodeTftp(bytes);
      if (packet.ok) this.heard.push(packet.value);
    });
    this.#send = (request) => {
      client.send(request, { address: SERVER, port: PORT });
    };
  }

  ask(filename: string): void {
    this.#send(encodeTftp({ kind: 'rrq', filename, mode: 'netascii', options: new Map() }));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server[Symbol.asyncDispose]();
  }
}

it('T20 a client that is refused may ask for something else at once, from the same port', async () => {
  const content = new StuckContent();
  const pair = new Pair(async (name) => (name === 'image' ? content : 'not-found'));
  await pair.start();
  for (const [filename, code] of [
    ['image', 4],
    ['missing', 1],
    ['image', 4],
  ] as const) {
    pair.heard.length = 0;
    pair.ask(filename);
    await waitFor(() => pair.heard.length === 1, { what: `the refusal of ${filename}` });
    expect(pair.heard).toMatchObject([{ kind: 'error', code }]);
  }
  content.closed.resolve(undefined);
  await pair[Symbol.asyncDispose]();
});

it('T20 the end of a refused request does not make the next one of its client begin twice', async () => {
  const content = new StuckContent();
  const opening = Promise.withResolvers<'not-found'>();
  const opened: string[] = [];
  const pair = new Pair((name) => {
    opened.push(name);
    return name === 'image' ? Promise.resolve(content) : opening.promise;
  });
  await pair.start();
  pair.ask('image');
  await waitFor(() => pair.heard.length === 1, { what: 'the refusal' });
  pair.ask('slow');
  await waitFor(() => opened.length === 2, { what: 'the next request' });
  content.closed.resolve(undefined);
  // All that follows the closing of the first file.
  await new Promise(setImmediate);
  pair.ask('slow');
  await new Promise(setImmediate);
  expect(opened).toEqual(['image', 'slow']);
  opening.resolve('not-found');
  await waitFor(() => pair.heard.length === 2, { what: 'the only answer to both' });
  await pair[Symbol.asyncDispose]();
  expect(pair.heard).toHaveLength(2);
});
