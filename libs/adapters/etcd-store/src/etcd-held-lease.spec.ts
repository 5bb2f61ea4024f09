import { silentLogger } from '@rackwright/kernel';
import { ManualClock, SeededRandom } from '@rackwright/testing';
import { describe, expect, it } from 'vitest';
import { EtcdHeldLease } from './etcd-held-lease.js';

const TTL_SECONDS = 10;
const FENCED_AFTER_MS = 9_000;

class Keeping {
  readonly clock = new ManualClock();
  readonly random = new SeededRandom(3);
  readonly logger = silentLogger;
  readonly revoked: string[] = [];
  keepalives = 0;
  ended = 0;
  answer: () => Promise<number> = () => Promise.resolve(TTL_SECONDS);

  keepAlive(): Promise<number> {
    this.keepalives += 1;
    return this.answer();
  }

  revoke(id: string): Promise<void> {
    this.revoked.push(id);
    return Promise.resolve();
  }

  onEnded(): void {
    this.ended += 1;
  }

  grant(): EtcdHeldLease {
    return new EtcdHeldLease({ id: '7', ttlSeconds: TTL_SECONDS, askedAtMs: this.clock.monotonicMs() }, this);
  }
}

async function isLost(lease: EtcdHeldLease): Promise<boolean> {
  return Promise.race([lease.lost.then(() => true), Promise.resolve().then(() => Promise.resolve(false))]);
}

describe('EtcdHeldLease', () => {
  it('renews three times in a lifetime', async () => {
    const keeping = new Keeping();
    const lease = keeping.grant();
    await keeping.clock.advanceSettling(100_000);
    expect(keeping.keepalives).toBeGreaterThanOrEqual(29);
    expect(keeping.keepalives).toBeLessThanOrEqual(31);
    expect(lease.isHeld()).toBe(true);
    expect(await isLost(lease)).toBe(false);
  });

  it('is given up a tenth before its lifetime ends when no keepalive gets through', async () => {
    const keeping = new Keeping();
    keeping.answer = () => Promise.reject(new Error('the link is cut'));
    const lease = keeping.grant();
    await keeping.clock.advanceSettling(FENCED_AFTER_MS - 1);
    expect(lease.isHeld()).toBe(true);
    await keeping.clock.advanceSettling(1);
    expect(await isLost(lease)).toBe(true);
    expect(lease.isHeld()).toBe(false);
    expect(keeping.ended).toBe(1);
    const { keepalives } = keeping;
    await keeping.clock.advanceSettling(60_000);
    expect(keeping.keepalives).toBe(keepalives);
  });

  it('is lost as soon as it is asked about too late, although no timer ran meanwhile', async () => {
    const keeping = new Keeping();
    let monotonicMs = 0;
    keeping.clock.monotonicMs = () => monotonicMs;
    const lease = keeping.grant();
    monotonicMs = FENCED_AFTER_MS;
    expect(lease.isHeld()).toBe(false);
    expect(await isLost(lease)).toBe(true);
  });

  it('counts its lifetime from before the keepalive was sent', async () => {
    const keeping = new Keeping();
    const lease = keeping.grant();
    const reply = Promise.withResolvers<number>();
    keeping.answer = () => reply.promise;
    await keeping.clock.advanceSettling(8_000);
    expect(keeping.keepalives).toBe(1);
    reply.resolve(TTL_SECONDS);
    keeping.answer = () => Promise.reject(new Error('the link is cut'));
    await keeping.clock.advanceSettling(3_333 + FENCED_AFTER_MS - 8_000);
    expect(lease.isHeld()).toBe(true);
    await keeping.clock.advanceSettling(2);
    expect(lease.isHeld()).toBe(false);
  });

  it('is not revived by a keepalive that is answered after it was given up', async () => {
    const keeping = new Keeping();
    const reply = Promise.withResolvers<number>();
    keeping.answer = () => reply.promise;
    const lease = keeping.grant();
    await keeping.clock.advanceSettling(FENCED_AFTER_MS);
    reply.resolve(TTL_SECONDS);
    await keeping.clock.advanceSettling(1_000);
    expect(lease.isHeld()).toBe(false);
    expect(keeping.keepalives).toBe(1);
  });

  it('is lost when etcd says that it is gone', async () => {
    const keeping = new Keeping();
    keeping.answer = () => Promise.resolve(0);
    const lease = keeping.grant();
    await keeping.clock.advanceSettling(3_400);
    expect(await isLost(lease)).toBe(true);
  });

  it('is revoked once on disposal, and not when it was lost before', async () => {
    const keeping = new Keeping();
    const lease = keeping.grant();
    await lease[Symbol.asyncDispose]();
    await lease[Symbol.asyncDispose]();
    expect(keeping.revoked).toEqual(['7']);
    const lost = keeping.grant();
    keeping.answer = () => Promise.resolve(-1);
    await keeping.clock.advanceSettling(3_400);
    await lost[Symbol.asyncDispose]();
    expect(keeping.revoked).toEqual(['7']);
  });
});
