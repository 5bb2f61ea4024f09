import { spawn, type StdioOptions } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileDocument, FileJournal } from '@rackwright/adapter-file-journal';
import { silentLogger, type Ipv4 } from '@rackwright/kernel';
import { RealClock, SeededRandom, typescriptArguments, waitFor } from '@rackwright/testing';
import type { LeaseCopies } from './lease-copy.js';
import { LeaseKeeper } from './lease-keeper.js';

const ROUNDS = 12;
/** A process whose disk takes no more ends after this many refused writes. */
const MAX_REFUSALS = 200;
/** Octets that one file may have; the write across the limit is a short one. */
const FULL_AT_BYTES = 65_536;
const noCopies: LeaseCopies = {
  backlog: 0,
  pending: () => [],
  note: () => undefined,
  start: () => undefined,
  stop: async () => undefined,
};

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rw-leases-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const urlOf = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);

/** Machines that take and return addresses of a pool that is too small for all; says what they were told. */
function childText(seed: number): string {
  return `
    import { FileDocument, FileJournal } from '@rackwright/adapter-file-journal';
    import { decide, SubnetIndex } from '@rackwright/domain-netboot';
    import { silentLogger } from '@rackwright/kernel';
    import { SeededRandom } from ${urlOf('../../../../testing/src/clock/seeded-random.ts')};
    import { RealClock } from ${urlOf('../../../../testing/src/clock/real-clock.ts')};
    import { LeaseKeeper } from ${urlOf('lease-keeper.ts')};
    const lan = { name: 'lan', cidr: '10.0.0.0/24', pools: [{ start: '10.0.0.10', end: '10.0.0.29' }], exclusions: [],
      dns: [], ntp: [], search: [], routes: [], lease_seconds: 3600 };
    const say = (...words) => process.stdout.write(words.join(' ') + '\\n');
    const clock = new RealClock();
    const copier = { backlog: 0, pending: () => [], note() {}, start() {}, async stop() {} };
    const log = await FileJournal.open({ directory: ${JSON.stringify(join(directory, 'log'))}, logger: silentLogger });
    const snapshot = new FileDocument(${JSON.stringify(join(directory, 'snapshot.json'))});
    const keeper = new LeaseKeeper({ copier, log, snapshot, clock, logger: silentLogger });
    keeper.table.configure([lan]);
    await keeper.start([]);
    const view = { mode: 'server', subnets: new SubnetIndex([lan]), leases: keeper.table, isDirectAllowed: true, relays: [],
      boot: { nextServer: '10.0.0.1', publicUrl: 'http://10.0.0.1', bootFiles: {} }, offerMs: 50, declineMs: 50,
      reservationOf: () => undefined, reservedFor: () => undefined, hostnameOf: () => undefined };
    async function handle(mac, type, more) {
      keeper.expire();
      const request = { type, isBootRequest: true, mac, client: { kind: 'none', architectures: [] }, ...more };
      const decision = decide(request, { addresses: ['10.0.0.1'], sourcePort: 68 }, { view, now: clock.now() });
      await keeper.commit(decision.change === undefined ? [] : keeper.apply(decision.change));
      return decision;
    }
    let refusals = 0;
    async function machine(number) {
      try {
        await live(number);
      } catch (error) {
        if (error.code !== 'disk-failed') throw error;
        refusals += 1;
        await machine(number);
      }
    }
    async function live(number) {
      const random = new SeededRandom(${seed} + number);
      const mac = '02' + number.toString(16).padStart(10, '0');
      while (refusals < ${MAX_REFUSALS}) {
        const offer = await handle(mac, 'discover', {});
        const ip = offer.fields?.yiaddr.value;
        if (ip === undefined) { await new Promise((resolve) => setTimeout(resolve, 1)); continue; }
        const ack = await handle(mac, 'request', { requestedIp: ip, serverId: '10.0.0.1' });
        if (ack.type !== 'ack') continue;
        say('A', mac, ack.fields.yiaddr.value);
        if (random.fraction() < 0.5) await handle(mac, 'request', { ciaddr: ip });
        if (random.fraction() < 0.7) { say('R', mac); await handle(mac, 'release', { ciaddr: ip }); }
      }
    }
    await Promise.all(Array.from({ length: 30 }, (_, number) => machine(number + 1)));`;
}

/**
 * Runs the child until it is killed; what it said before that. It speaks into a file: what is written to a pipe whose
 * reader is slow waits in the process and dies with it, though it was said before the next step.
 */
async function crash(seed: number, afterMs: number): Promise<readonly string[]> {
  await using said = await open(join(directory, 'said'), 'w+');
  const stdio: StdioOptions = ['ignore', said.fd, 'inherit'];
  const child = spawn(process.execPath, typescriptArguments(childText(seed)), { stdio });
  const ended = new Promise((resolve) => child.once('close', resolve));
  await waitFor(async () => (await said.stat()).size > 0, { what: 'the first lease', deadlineMs: 120_000 });
  setTimeout(() => child.kill('SIGKILL'), afterMs);
  await ended;
  expect(child.signalCode).toBe('SIGKILL');
  const output = await readFile(join(directory, 'said'), 'utf8');
  return output.slice(0, output.lastIndexOf('\n') + 1).split('\n');
}

/** Runs the child on a disk that becomes full, until it has been refused often enough; what it said. */
async function fillDisk(seed: number): Promise<readonly string[]> {
  const blocks = String(FULL_AT_BYTES / 512);
  const limited = ['-c', `trap '' XFSZ; ulimit -f ${blocks}; exec "$@"`, 'sh', process.execPath];
  const child = spawn('sh', [...limited, ...typescriptArguments(childText(seed))], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [exitCode] = (await once(child, 'close')) as [number | null];
  expect(exitCode).toBe(0);
  return said.split('\n');
}

/** A line that a dying machine began: the start of a sound one. */
async function tearTail(): Promise<void> {
  const log = join(directory, 'log');
  const last =
    (await readdir(log))
      .filter((name) => name.endsWith('.log'))
      .sort()
      .at(-1) ?? '';
  const [line = ''] = (await readFile(join(log, last), 'utf8')).split('\n');
  await appendFile(join(log, last), line.slice(0, Math.floor(line.length / 2)));
}

/** What clients were told, and so believe. */
class Told {
  readonly holders = new Map<string, string>();
  acknowledged = 0;

  /** Fails when an address is given to one client while another has it. */
  hear(lines: readonly string[], during: string): void {
    for (const line of lines) {
      const [what, mac = '', ip = ''] = line.split(' ');
      if (what === 'R') this.holders.delete(mac);
      if (what !== 'A') continue;
      this.acknowledged += 1;
      const others = [...this.holders].filter(([other, held]) => held === ip && other !== mac);
      expect([`${during}: ${ip} for ${mac}`, others]).toEqual([expect.anything(), []]);
      this.holders.set(mac, ip);
    }
  }

  /** Fails unless the next process knows all of it. */
  async compare(during: string): Promise<void> {
    await using log = await FileJournal.open({ directory: join(directory, 'log'), logger: silentLogger });
    const keeper = new LeaseKeeper({
      copier: noCopies,
      log,
      snapshot: new FileDocument(join(directory, 'snapshot.json')),
      clock: new RealClock(),
      logger: silentLogger,
    });
    await keeper.start([]);
    await keeper.stop();
    for (const [mac, ip] of this.holders) {
      expect([during, keeper.table.find(ip as Ipv4)]).toMatchObject([during, { mac, state: 'active' }]);
    }
    const active = [...keeper.table.all()].filter(({ state }) => state === 'active');
    expect(new Set(active.map(({ mac }) => mac)).size).toBe(active.length);
  }
}

describe('kill -9 of the process that gives addresses', () => {
  it('loses no acknowledged lease and gives no address twice', async () => {
    const seed = randomInt(2 ** 31);
    const random = new SeededRandom(seed);
    const told = new Told();
    for (let round = 0; round < ROUNDS; round += 1) {
      const lines = await crash(seed + round * 1_000, Math.floor(random.fraction() * 150));
      told.hear(lines, `seed ${seed} round ${round}`);
      await told.compare(`seed ${seed} round ${round}`);
      if (round % 3 === 2) await tearTail();
    }
    expect(told.acknowledged).toBeGreaterThan(ROUNDS);
    await told.compare(`seed ${seed} in the end`);
  }, 600_000);
});

describe('a disk that becomes full', () => {
  it('lets nobody be told of a lease that is not on it, and goes on when there is room again', async () => {
    const seed = randomInt(2 ** 31);
    const told = new Told();
    told.hear(await fillDisk(seed), `seed ${seed} until the disk is full`);
    expect(told.acknowledged).toBeGreaterThan(10);
    await told.compare(`seed ${seed} after the disk was full`);
    const before = told.acknowledged;
    told.hear(await crash(seed + 1_000, 100), `seed ${seed} with room again`);
    expect(told.acknowledged).toBeGreaterThan(before);
    await told.compare(`seed ${seed} in the end`);
  }, 600_000);
});
