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

  /** Gives addresses to machines, all at one time. */
  async bind(keeper: LeaseKeeper, machines: number): Promise<void> {
    const until = (this.clock.now() + lan.lease_seconds * 1_000) as EpochMs;
    const given = Array.from({ length: machines }, (_, number) => {
      const ip = keeper.table.propose(mac(number + 1), lan.name);
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
});
