import { describe, expect, it } from 'vitest';
import type { LeaseId, Revision, Store, Write } from '@rackwright/contracts';
import { waitFor } from '../../wait-for.js';
import { mustGet, put, WatchRecorder, type MakeStore, type StoreHarness } from './store-harness.js';

const P = 'conformance/';
/** Of a lease that shall expire: enough for one write on a busy machine. */
const TTL_SECONDS = 5;
/** Of a lease that shall be held: enough for a machine that stands still for some seconds. */
const HELD_TTL_SECONDS = 12;
/** How late a busy etcd may notice that a lease has expired. */
const GRACE_MS = 30_000;

/** Leases: expiry, keepalive, revocation and fencing. */
export function describeLeases(makeStore: MakeStore): void {
  describe('leases', () => {
    describeExpiry(makeStore);
    describeHolding(makeStore);
    describeFencing(makeStore);
  });
}

async function putLeased(store: Store, leaseId: LeaseId, ...keys: readonly string[]): Promise<Revision> {
  const writes = keys.map((key): Write => ({ kind: 'put', key, value: 'x', leaseId }));
  return (await store.transact([], writes)).revision;
}

async function untilGone(harness: StoreHarness, key: string): Promise<void> {
  for (let waitedMs = 0; waitedMs <= GRACE_MS; waitedMs += 100) {
    if ((await harness.other.get(key)) === undefined) return;
    await harness.elapse(100);
  }
  throw new Error(`${key} outlived its lease`);
}

function describeExpiry(makeStore: MakeStore): void {
  it('deletes the keys of a lease nobody keeps alive, as a watch sees, and no other', async () => {
    await using harness = await makeStore();
    await put(harness.store, `${P}stays`, 'x');
    const recorder = new WatchRecorder();
    await harness.other.watch(P, recorder).synced;
    const leaseId = await harness.store.grantLease(TTL_SECONDS);
    await putLeased(harness.store, leaseId, `${P}a`, `${P}b`);
    await waitFor(() => recorder.batches.length >= 2, { what: 'the watch sees both keys' });
    const entry = { leaseId };
    expect(recorder.batches[1]?.changes).toMatchObject([{ entry }, { entry }]);
    await harness.elapse(TTL_SECONDS * 1_000);
    await untilGone(harness, `${P}a`);
    await waitFor(() => recorder.state.size === 1, { what: 'the watch sees both keys vanish' });
    expect([...recorder.state.keys()]).toEqual([`${P}stays`]);
    const late = putLeased(harness.store, leaseId, `${P}c`);
    await expect(late).rejects.toMatchObject({ code: 'lease-not-found' });
  });

  it('frees a key that is written again without the lease', async () => {
    await using harness = await makeStore();
    const leaseId = await harness.store.grantLease(TTL_SECONDS);
    await putLeased(harness.store, leaseId, `${P}freed`, `${P}bound`);
    await put(harness.store, `${P}freed`, 'x');
    await harness.elapse(TTL_SECONDS * 1_000);
    await untilGone(harness, `${P}bound`);
    expect((await mustGet(harness.other, `${P}freed`)).leaseId).toBeUndefined();
  });
}

function describeHolding(makeStore: MakeStore): void {
  it('keeps a held lease alive beyond its lifetime and revokes it on disposal', async () => {
    await using harness = await makeStore();
    const lease = await harness.store.holdLease(HELD_TTL_SECONDS);
    await putLeased(harness.store, lease.id, `${P}held`);
    await harness.elapse(HELD_TTL_SECONDS * 1_500);
    expect(lease.isHeld()).toBe(true);
    expect(await mustGet(harness.other, `${P}held`)).toMatchObject({ leaseId: lease.id });
    await lease[Symbol.asyncDispose]();
    expect(await harness.other.get(`${P}held`)).toBeUndefined();
    expect(lease.isHeld()).toBe(false);
    await lease.lost;
  });

  it('revokes held leases when the store is disposed', async () => {
    await using harness = await makeStore();
    const lease = await harness.store.holdLease(60);
    await putLeased(harness.store, lease.id, `${P}held`);
    await harness.store[Symbol.asyncDispose]();
    expect(await harness.other.get(`${P}held`)).toBeUndefined();
    expect(lease.isHeld()).toBe(false);
  });
}

function describeFencing(makeStore: MakeStore): void {
  it('gives a lease up before the store frees it when the link is cut', async () => {
    await using harness = await makeStore();
    const lease = await harness.store.holdLease(TTL_SECONDS);
    await putLeased(harness.store, lease.id, `${P}held`);
    harness.cut();
    let isLost = false;
    void lease.lost.then(() => {
      isLost = true;
    });
    while (lease.isHeld()) {
      // The store must not have freed the key while the holder still counts on it.
      const seen = await harness.other.get(`${P}held`);
      if (lease.isHeld()) expect(seen).toBeDefined();
      await harness.elapse(20);
    }
    await waitFor(() => isLost, { what: 'the loss is told while the link is cut' });
    await untilGone(harness, `${P}held`);
    harness.heal();
    expect(lease.isHeld()).toBe(false);
  });

  it('survives a cut shorter than its lifetime', async () => {
    await using harness = await makeStore();
    const lease = await harness.store.holdLease(HELD_TTL_SECONDS);
    await putLeased(harness.store, lease.id, `${P}held`);
    harness.cut();
    await harness.elapse(HELD_TTL_SECONDS * 400);
    harness.heal();
    await harness.elapse(HELD_TTL_SECONDS * 800);
    expect(lease.isHeld()).toBe(true);
    expect(await harness.other.get(`${P}held`)).toBeDefined();
  });
}
