import { describe, expect, it } from 'vitest';
import type { LeaseId, Revision, Store } from '@rackwright/contracts';
import { waitFor } from '../../wait-for.js';
import { mustGet, put, WatchRecorder, type MakeStore, type StoreHarness } from './store-harness.js';

const P = 'conformance/';
/** etcd grants nothing shorter with its default election timeout. */
const TTL_SECONDS = 2;
/** How late etcd may notice that a lease has expired. */
const GRACE_MS = 3_000;

/** Leases: expiry, keepalive, revocation and fencing. */
export function describeLeases(makeStore: MakeStore): void {
  describe('leases', () => {
    describeExpiry(makeStore);
    describeHolding(makeStore);
    describeFencing(makeStore);
  });
}

async function putLeased(store: Store, key: string, leaseId: LeaseId): Promise<Revision> {
  return (await store.transact([], [{ kind: 'put', key, value: 'x', leaseId }])).revision;
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
    const leaseId = await harness.store.grantLease(TTL_SECONDS);
    await putLeased(harness.store, `${P}a`, leaseId);
    await putLeased(harness.store, `${P}b`, leaseId);
    await put(harness.store, `${P}stays`, 'x');
    expect(await mustGet(harness.other, `${P}a`)).toMatchObject({ leaseId });
    const recorder = new WatchRecorder();
    await harness.other.watch(P, recorder).synced;
    await harness.elapse(TTL_SECONDS * 1_000);
    await untilGone(harness, `${P}a`);
    await waitFor(() => recorder.state.size === 1, { what: 'the watch sees both keys vanish' });
    expect([...recorder.state.keys()]).toEqual([`${P}stays`]);
    await expect(putLeased(harness.store, `${P}c`, leaseId)).rejects.toMatchObject({ code: 'lease-not-found' });
  });

  it('frees a key that is written again without the lease', async () => {
    await using harness = await makeStore();
    const leaseId = await harness.store.grantLease(TTL_SECONDS);
    await putLeased(harness.store, `${P}freed`, leaseId);
    await putLeased(harness.store, `${P}bound`, leaseId);
    await put(harness.store, `${P}freed`, 'x');
    await harness.elapse(TTL_SECONDS * 1_000);
    await untilGone(harness, `${P}bound`);
    expect((await mustGet(harness.other, `${P}freed`)).leaseId).toBeUndefined();
  });
}

function describeHolding(makeStore: MakeStore): void {
  it('keeps a held lease alive beyond its lifetime and revokes it on disposal', async () => {
    await using harness = await makeStore();
    const lease = await harness.store.holdLease(TTL_SECONDS);
    await putLeased(harness.store, `${P}held`, lease.id);
    await harness.elapse(TTL_SECONDS * 2_500);
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
    await putLeased(harness.store, `${P}held`, lease.id);
    await harness.store[Symbol.asyncDispose]();
    expect(await harness.other.get(`${P}held`)).toBeUndefined();
    expect(lease.isHeld()).toBe(false);
  });
}

function describeFencing(makeStore: MakeStore): void {
  it('gives a lease up before the store frees it when the link is cut', async () => {
    await using harness = await makeStore();
    const lease = await harness.store.holdLease(TTL_SECONDS);
    await putLeased(harness.store, `${P}held`, lease.id);
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
    const lease = await harness.store.holdLease(6);
    await putLeased(harness.store, `${P}held`, lease.id);
    harness.cut();
    await harness.elapse(2_500);
    harness.heal();
    await harness.elapse(4_500);
    expect(lease.isHeld()).toBe(true);
    expect(await harness.other.get(`${P}held`)).toBeDefined();
  });
}
