import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Ipv4, LogFields, Logger } from '@rackwright/kernel';
import { silentLogger } from '@rackwright/kernel';
import {
  launchProcess,
  NetworkNamespace,
  PacketCapture,
  RealClock,
  SeededRandom,
  typescriptArguments,
} from '@rackwright/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inNamespace } from './in-namespace.js';
import { IcmpAddressProbe, type IcmpAddressProbeOptions } from './index.js';

const run = promisify(execFile);
const stack = new AsyncDisposableStack();
const SHORT_MS = 200;
/** Longer than any test runs: an answer in time did not come from the deadline. */
const LONG_MS = 600_000;
const usedOnes = Array.from({ length: 10 }, (_, index) => `10.78.0.${index + 2}` as Ipv4);
const used = '10.78.0.2' as Ipv4;
const free = '10.78.0.99' as Ipv4;
const unreachable = '192.0.2.1' as Ipv4;

let server: NetworkNamespace;
let peer: NetworkNamespace;

beforeAll(async () => {
  server = stack.use(await NetworkNamespace.create());
  peer = stack.use(await NetworkNamespace.create());
  await server.ip('link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', peer.name);
  await server.ip('address', 'add', '10.78.0.1/24', 'dev', 'eth0');
  await server.ip('link', 'set', 'eth0', 'up');
  for (const address of usedOnes) await peer.ip('address', 'add', `${address}/24`, 'dev', 'eth0');
  await peer.ip('link', 'set', 'eth0', 'up');
  await Promise.all([server.waitForLink('eth0'), peer.waitForLink('eth0')]);
});
afterAll(() => stack.disposeAsync());

/** Whether processes of group 0 may use ping sockets in the namespace of the server. */
async function allowPingSockets(range: string): Promise<void> {
  const set = ['sh', '-c', `echo ${range} > /proc/sys/net/ipv4/ping_group_range`];
  await run('nsenter', [`--net=/run/netns/${server.name}`, '--', ...set]);
}

/** The socket is made with the first question, which opens it in the namespace. */
function makeProbe(options: Partial<IcmpAddressProbeOptions> = {}): IcmpAddressProbe {
  return new IcmpAddressProbe({ clock: new RealClock(), random: new SeededRandom(7), ...options });
}

const inServer = <T>(ask: () => T): T => inNamespace(server.name, ask);

class Warnings implements Logger {
  readonly lines: LogFields[] = [];
  readonly debug = silentLogger.debug;
  readonly info = silentLogger.info;
  readonly error = silentLogger.error;
  warn(fields: LogFields): void {
    this.lines.push(fields);
  }
  child(): Logger {
    return this;
  }
}

describe.each([
  { socket: 'a raw socket', range: '"1 0"' },
  { socket: 'a ping socket', range: '"0 0"' },
])('an address probe through $socket (RFC 2131 section 3.1)', ({ range }) => {
  beforeAll(() => allowPingSockets(range));

  it('D47 tells used addresses from silent ones, many at once', async () => {
    using probe = makeProbe();
    const freeOnes = Array.from({ length: 10 }, (_, index) => `10.78.0.${index + 100}` as Ipv4);
    const [inUse, silent] = inServer(() => [
      usedOnes.map((address) => probe.ask(address, LONG_MS)),
      freeOnes.map((address) => probe.ask(address, SHORT_MS)),
    ]);
    expect(new Set(await Promise.all(inUse))).toEqual(new Set(['in-use']));
    expect(new Set(await Promise.all(silent))).toEqual(new Set(['silent']));
    expect(await inServer(() => probe.ask(used, LONG_MS))).toBe('in-use');
  });

  it('D47 asks once for the questions of one moment', async () => {
    await using atPeer = await PacketCapture.start({
      ...{ networkNamespace: peer.name, interfaceName: 'eth0', filter: 'icmp[icmptype] == icmp-echo' },
    });
    using probe = makeProbe();
    const answers = inServer(() => [probe.ask(used, LONG_MS), probe.ask(used, LONG_MS)]);
    expect(await Promise.all(answers)).toEqual(['in-use', 'in-use']);
    expect(await atPeer.waitForFrames(1, 'the request')).toHaveLength(1);
    expect(await atPeer.describe()).toContain('ICMP echo request');
  });

  it('D47 asks no more addresses at once than the budget has, and goes on when there is room', async () => {
    using probe = makeProbe({ maxAtOnce: 2 });
    const others = ['10.78.0.98', '10.78.0.97', '10.78.0.96'] as Ipv4[];
    const answers = inServer(() => [free, ...others].map((address) => probe.ask(address, SHORT_MS)));
    expect(await Promise.all(answers)).toEqual(['silent', 'silent', 'not-asked', 'not-asked']);
    expect(await probe.ask(used, LONG_MS)).toBe('in-use');
  });

  it('does not take the answers of another for its own, nor be deaf after many', async () => {
    using probe = makeProbe();
    expect(await inServer(() => probe.ask(used, LONG_MS))).toBe('in-use');
    using other = makeProbe({ random: new SeededRandom(8) });
    for (let round = 0; round < 60; round += 1) {
      await Promise.all(inServer(() => usedOnes.map((address) => other.ask(address, LONG_MS))));
    }
    const answers = [probe.ask(free, SHORT_MS), probe.ask(used, LONG_MS)];
    expect(await Promise.all(answers)).toEqual(['silent', 'in-use']);
  });

  it('leaves nobody waiting when it ends, and asks nothing afterwards', async () => {
    const probe = makeProbe();
    const answer = inServer(() => probe.ask(free, LONG_MS));
    probe[Symbol.dispose]();
    expect(await answer).toBe('not-asked');
    expect(await probe.ask(used, SHORT_MS)).toBe('not-asked');
  });
});

describe('an address probe that cannot ask', () => {
  it('says so once when there is no way to the address', async () => {
    const logger = new Warnings();
    using probe = makeProbe({ logger });
    expect(await inServer(() => probe.ask(unreachable, SHORT_MS))).toBe('not-asked');
    expect(await probe.ask(unreachable, SHORT_MS)).toBe('not-asked');
    expect(logger.lines).toEqual([{ call: 'sendto', code: 'ENETUNREACH' }]);
  });

  it('D47 says so once when the process may not', async () => {
    await allowPingSockets('"1 0"');
    const here = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
    const text = `
      import { IcmpAddressProbe } from ${here('./icmp-address-probe.ts')};
      const clock = { schedule: () => () => undefined };
      const random = { bytes: () => Uint8Array.of(1, 2) };
      const logger = { warn: (fields, message) => console.log('warned: ' + message, JSON.stringify(fields)) };
      const probe = new IcmpAddressProbe({ clock, random, logger });
      for (const address of ['${used}', '${free}']) console.log(await probe.ask(address, 1000));`;
    await using child = await launchProcess({
      command: 'setpriv',
      args: ['--bounding-set', '-net_raw', process.execPath, ...typescriptArguments(text)],
      networkNamespace: server.name,
      installHint: 'apt-get install util-linux',
    });
    await child.exited;
    expect(child.output().trim().split('\n')).toEqual([
      'warned: addresses cannot be probed before they are offered ' +
        '{"call":"socket IPPROTO_ICMP","code":"EPERM","remedy":"grant CAP_NET_RAW or widen net.ipv4.ping_group_range"}',
      'not-asked',
      'not-asked',
    ]);
  });
});
