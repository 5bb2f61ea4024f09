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

it('T8 a client that is refused may ask for something else at once, from the same port', async () => {
  const network = new MemoryNetwork();
  const content = new StuckContent();
  const server = new TftpServer({
    config: {
      ...{ tftpEnabled: true, tftpAddress: SERVER, tftpPort: PORT, tftpSinglePort: false, tftpThreads: 0 },
      ...{ tftpMaxSessions: 9, tftpMaxSessionsPerClient: 9, tftpMaxBlockSize: 65_464, tftpBlockRollover: 0 },
    },
    sockets: network.addHost([{ name: 'eth0', address: SERVER, segment: 'a' }]),
    contents: { open: async (name) => (name === 'image' ? content : 'not-found') },
    traceOf: () => undefined,
    ...{ clock: new ManualClock(), metrics: new Metrics({ processMetrics: false }), logger: silentLogger },
  });
  await server.start();
  const host = network.addHost([{ name: 'eth0', address: CLIENT, segment: 'a' }]);
  const client = await host.open({ address: CLIENT, port: 2_000 });
  const heard: TftpPacket[] = [];
  client.onDatagram((bytes) => {
    const packet = decodeTftp(bytes);
    if (packet.ok) heard.push(packet.value);
  });
  for (const [filename, code] of [
    ['image', 4],
    ['missing', 1],
    ['image', 4],
  ] as const) {
    heard.length = 0;
    const request = encodeTftp({ kind: 'rrq', filename, mode: 'netascii', options: new Map() });
    client.send(request, { address: SERVER, port: PORT });
    await waitFor(() => heard.length === 1, { what: `the refusal of ${filename}`, deadlineMs: 5_000 });
    expect(heard).toMatchObject([{ kind: 'error', code }]);
  }
  content.closed.resolve(undefined);
  await server[Symbol.asyncDispose]();
});
