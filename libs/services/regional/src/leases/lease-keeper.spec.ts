import { describe, expect, it } from 'vitest';
import type { LeaseWrite, Subnet } from '@rackwright/domain-netboot';
import { parseMac, silentLogger, type EpochMs, type Ipv4, type Mac } from '@rackwright/kernel';
import { ManualClock, MemoryDisk, MemoryDocument, MemoryJournal } from '@rackwright/testing';
import { LeaseKeeper } from './lease-keeper.js';

const lan: Subnet = {
  ...{ name: 'lan', cidr: '10.0.0.0/16' as Subnet['cidr'], dns: [], ntp: [], search: [], routes: [] },
  ...{ pools: [{ start: '10.0.1.0' as Ipv4, end: '10.0.16.255' as Ipv4 }], exclusions: [], lease_seconds: 600 },
};

function mac(number: number): Mac {
  const parsed = parseMac(`02${number.toString(16).padStart(10, '0')}`);
  if (parsed === undefined) throw new Error('mac');
  return parsed;
}

/** A region's leases on one disk, to be started again and again. */
class Site {
  readonly clock = new ManualClock();
  readonly disk = new MemoryDisk();
  noted: LeaseWrite[] = [];

  async start(): Promise<LeaseKeeper> {
    this.noted = [];
    const keeper = new LeaseKeeper({
      copier: {
        backlog: 0,
        pending: () => [],
        note: (write) => this.noted.push(write),
        start: () => undefined,
        stop: async () => undefined,
      },
      log: new MemoryJournal(this.disk),
      snapshot: new MemoryDocument(this.disk),
      clock: this.clock,
      logger: silentLogger,
    });
    keeper.table.configure([lan]);
    await keeper.start([]);
    return keeper;
  }

  /** Gives addresses to machines, the ones they have if they do, all at one time. */
  async bind(keeper: LeaseKeeper, machines: number): Promise<void> {
    const until = (this.clock.now() + lan.lease_seconds * 1_000) as EpochMs;
    const given = Array.from({ length: machines }, (_, number) => {
      const { table } = keeper;
      const ip = table.ofClient(mac(number + 1), lan.name)?.ip ?? table.propose(mac(number + 1), lan.name);
      if (ip === undefined) throw new Error('pool exhausted');
      return keeper.commit(keeper.apply({ kind: 'bind', ip, mac: mac(number + 1), subnet: lan.name, until }));
    });
    await Promise.all(given);
  }
}

const states = (keeper: LeaseKeeper) => [...keeper.table.all()].map(({ state }) => state);

describe('LeaseKeeper', () => {
  it('writes what is committed at one time as one record', async () => {
    const site = new Site();
    const keeper = await site.start();
    await site.bind(keeper, 100);
    expect(site.disk.records.size).toBe(1);
    expect(site.noted.filter(({ event }) => event === 'granted')).toHaveLength(100);
    await keeper.stop();
  });

  it('ends a lease that ran out while it was down, and tells so once', async () => {
    const site = new Site();
    const first = await site.start();
    await site.bind(first, 3);
    await first.stop();
    site.clock.advance(700_000);
    const second = await site.start();
    expect(states(second)).toEqual(['active', 'active', 'active']);
    second.expire();
    expect(states(second)).toEqual(['expired', 'expired', 'expired']);
    await second.stop();
    expect(site.noted.filter(({ event }) => event === 'expired')).toHaveLength(3);
    const third = await site.start();
    third.expire();
    expect(states(third)).toEqual(['expired', 'expired', 'expired']);
    await third.stop();
    const endings = site.noted.filter(({ event }) => event === 'expired');
    expect(new Set(endings.map(({ lease }) => `${lease.ip} ${lease.version}`)).size).toBe(3);
  });

  it('keeps a lease over a restart until its end and not longer', async () => {
    const site = new Site();
    const first = await site.start();
    await site.bind(first, 1);
    await first.stop();
    site.clock.advance(599_000);
    const second = await site.start();
    second.expire();
    expect(states(second)).toEqual(['active']);
    site.clock.advance(2_000);
    expect(states(second)).toEqual(['expired']);
    await second.stop();
  });

  it('ends thousands of leases a few at a time', async () => {
    const site = new Site();
    const keeper = await site.start();
    await site.bind(keeper, 1_000);
    site.clock.advance(599_500);
    expect(new Set(states(keeper))).toEqual(new Set(['active']));
    site.clock.advance(500);
    expect(keeper.expire()).toBeLessThan(1_000);
    site.clock.advance(1_100);
    expect(new Set(states(keeper))).toEqual(new Set(['expired']));
    await keeper.stop();
  });

  it('comes to the same leases wherever a compaction of its log was cut off', async () => {
    const site = new Site();
    const first = await site.start();
    for (let count = 0; count < 6; count += 1) {
      await site.bind(first, 600);
      if (count === 0) expect(site.disk.documentText).toBeUndefined();
    }
    await first.stop();
    const { documentText, forgotten } = site.disk;
    expect([documentText === undefined, forgotten > 0, site.disk.records.size]).toEqual([false, true, 0]);
    const leases = new Map([...first.table.all()].map((lease) => [lease.ip, lease]));
    // The snapshot is there and the log it covers still is as well: every record of it is older than the snapshot.
    const older = JSON.stringify([...leases.values()].map((lease) => ({ lease: { ...lease, version: 1 } })));
    for (const covered of [[], [older]]) {
      site.disk.forgotten = 0;
      for (const record of covered) site.disk.records.set(forgotten, record);
      const again = await site.start();
      expect(new Map([...again.table.all()].map((lease) => [lease.ip, lease]))).toEqual(leases);
      await again.stop();
    }
  });

  it('does not start on a snapshot that was cut anywhere, and says what to do', async () => {
    const site = new Site();
    const first = await site.start();
    await site.bind(first, 2);
    const leases = [...first.table.all()];
    await first.stop();
    const whole = JSON.stringify({ leases, pending: [] });
    for (let length = 0; length < whole.length; length += 1) {
      site.disk.documentText = whole.slice(0, length);
      await expect(site.start()).rejects.toMatchObject({ code: 'lease-snapshot-damaged', retryable: false });
    }
    for (const other of ['null', '{}', '[]', '{"leases":{},"pending":[]}']) {
      site.disk.documentText = other;
      await expect(site.start()).rejects.toThrow('remove it');
    }
    site.disk.documentText = whole;
    const again = await site.start();
    expect([...again.table.all()]).toEqual(leases);
    await again.stop();
  });

  it('tells all who share a write that the disk refused it, and takes the next', async () => {
    const site = new Site();
    const keeper = await site.start();
    site.disk.isFull = true;
    await expect(site.bind(keeper, 5)).rejects.toMatchObject({ code: 'disk-failed' });
    expect([site.disk.records.size, site.noted.length, keeper.failedWrites]).toEqual([0, 0, 5]);
    site.disk.isFull = false;
    await site.bind(keeper, 5);
    expect(site.noted.filter(({ event }) => event === 'granted')).toHaveLength(5);
    await keeper.stop();
  });

  it('writes what the disk refused ahead of what was decided after it', async () => {
    const site = new Site();
    const keeper = await site.start();
    await site.bind(keeper, 1);
    const [{ ip } = { ip: '' as Ipv4 }] = keeper.table.all();
    site.disk.isFull = true;
    const release = keeper.apply({ kind: 'release', ip, mac: mac(1) });
    await expect(keeper.commit(release)).rejects.toMatchObject({ code: 'disk-failed' });
    site.disk.isFull = false;
    const until = (site.clock.now() + 1_000) as EpochMs;
    const other = '10.0.2.7' as Ipv4;
    await keeper.commit(keeper.apply({ kind: 'bind', ip: other, mac: mac(1), subnet: lan.name, until }));
    await keeper.stop();
    const again = await site.start();
    expect([...again.table.all()].filter(({ state }) => state === 'active').map((lease) => lease.ip)).toEqual([other]);
    await again.stop();
  });

  it('writes what the disk refused when there is room again, also if nobody asks', async () => {
    const site = new Site();
    const keeper = await site.start();
    site.disk.isFull = true;
    await expect(site.bind(keeper, 2)).rejects.toMatchObject({ code: 'disk-failed' });
    site.clock.advance(1_000);
    site.disk.isFull = false;
    site.clock.advance(1_000);
    await keeper.stop();
    expect(site.noted.map(({ event }) => event)).toEqual(['granted', 'granted']);
    expect((await site.start()).table.size).toBe(2);
  });
});
