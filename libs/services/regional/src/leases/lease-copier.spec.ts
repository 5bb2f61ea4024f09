import { describe, expect, it } from 'vitest';
import { MemoryStore } from '@rackwright/adapter-memory-store';
import { keyspace, type Store } from '@rackwright/contracts';
import type { Lease, LeaseWrite } from '@rackwright/domain-netboot';
import { OperationalError, parseIdc, parseInstant, parseIpv4, parseMac, silentLogger } from '@rackwright/kernel';
import { RealClock, SeededRandom, waitFor } from '@rackwright/testing';
import { LeaseCopier } from './lease-copier.js';

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('value does not parse');
  return value;
}

const idc = must(parseIdc('dc1'));
const clock = new RealClock();

function write(number: number, version: number, event?: LeaseWrite['event']): LeaseWrite {
  const lease: Lease = {
    ip: must(parseIpv4(`10.0.${number >> 8}.${number & 255}`)),
    mac: must(parseMac(`02${number.toString(16).padStart(10, '0')}`)),
    subnet: 'lan',
    state: event === 'expired' ? 'expired' : 'active',
    granted_at: must(parseInstant('2026-01-01T00:00:00Z')),
    expires_at: must(parseInstant('2026-01-01T01:00:00Z')),
    version,
  };
  return event === undefined ? { lease } : { lease, event };
}

function note(copier: LeaseCopier, ...writes: readonly LeaseWrite[]): void {
  for (const each of writes) copier.note(each);
  copier.start();
}

const copierOn = (store: Store) =>
  new LeaseCopier({ idc, store, clock, random: new SeededRandom(1), logger: silentLogger });
const events = async (store: Store) =>
  (await store.list('/os/outbox/dc1/')).entries.map(({ value }) => (JSON.parse(value) as { type: string }).type);
const isDone = (copier: LeaseCopier) => waitFor(() => copier.backlog === 0, { what: 'the copies' });

describe('LeaseCopier', () => {
  it('copies many in few transactions, each with its event', async () => {
    const store = new MemoryStore({ clock });
    let transactions = 0;
    const counting: Store = Object.assign(Object.create(store) as Store, {
      getMany: (keys: readonly string[]) => store.getMany(keys),
      transact: (...args: Parameters<Store['transact']>) => {
        transactions += 1;
        return store.transact(...args);
      },
    });
    const copier = copierOn(counting);
    note(copier, ...Array.from({ length: 1_000 }, (_, number) => write(number, 1, 'granted')));
    await isDone(copier);
    expect((await store.list('/os/dc1/leases/')).entries).toHaveLength(1_000);
    expect(await events(store)).toHaveLength(1_000);
    expect(transactions).toBeLessThanOrEqual(17);
  });

  it('tells an event once, whatever was copied before and however often it is noted', async () => {
    const store = new MemoryStore({ clock });
    const first = copierOn(store);
    note(first, write(1, 1, 'granted'), write(1, 2), write(1, 3, 'expired'));
    await isDone(first);
    expect((await events(store)).sort()).toEqual(['lease.expired', 'lease.granted']);
    await store.transact([], [{ kind: 'delete-prefix', prefix: '/os/outbox/' }]);
    const restarted = copierOn(store);
    note(restarted, write(1, 1, 'granted'), write(1, 3, 'expired'), write(1, 4));
    await isDone(restarted);
    expect(await events(store)).toEqual([]);
    const stored = await store.get(keyspace.lease.key({ idc, ip: '10.0.0.1' }));
    expect(stored?.value).toContain('"version":4');
  });

  it('keeps what it cannot copy and catches up when etcd is back', async () => {
    const store = new MemoryStore({ clock });
    let isAway = true;
    const flaky: Store = Object.assign(Object.create(store) as Store, {
      getMany: async (keys: readonly string[]) => {
        if (isAway) throw new OperationalError('away', { code: 'store-unavailable', retryable: true });
        return store.getMany(keys);
      },
      transact: (...args: Parameters<Store['transact']>) => store.transact(...args),
    });
    const copier = copierOn(flaky);
    note(copier, write(1, 1, 'granted'), write(2, 1, 'granted'));
    expect(copier.backlog).toBe(2);
    isAway = false;
    await isDone(copier);
    expect(await events(store)).toHaveLength(2);
    await copier.stop();
  });

  it('writes over a record nobody can read', async () => {
    const store = new MemoryStore({ clock });
    const key = keyspace.lease.key({ idc, ip: '10.0.0.1' });
    await store.transact([], [{ kind: 'put', key, value: 'broken' }]);
    const copier = copierOn(store);
    note(copier, write(1, 1, 'granted'));
    await isDone(copier);
    expect((await store.get(key))?.value).toContain('"version":1');
  });
});
