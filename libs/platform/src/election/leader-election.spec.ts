import { MemoryStore } from '@rackwright/adapter-memory-store';
import { silentLogger } from '@rackwright/kernel';
import { ManualClock, SeededRandom } from '@rackwright/testing';
import { describe, expect, it } from 'vitest';
import { LeaderElection, type Lead } from './leader-election.js';

const KEY = '/test/leader';
const TTL_SECONDS = 10;

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
}

interface Candidate {
  readonly name: string;
  readonly store: MemoryStore;
  readonly election: LeaderElection;
}

/** Candidates on one keyspace, each with a link of its own. */
class Field implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly observer = new MemoryStore({ clock: this.clock });
  readonly candidates: Candidate[] = [];
  readonly terms: string[] = [];

  add(name: string, lead?: Lead, store = this.observer.connect()): Candidate {
    const election = new LeaderElection({
      store,
      clock: this.clock,
      random: new SeededRandom(this.candidates.length + 1),
      logger: silentLogger,
      key: KEY,
      identity: name,
      ttlSeconds: TTL_SECONDS,
      lead: async (signal, isLeader, guard) => {
        this.terms.push(name);
        await (lead ?? untilAborted)(signal, isLeader, guard);
      },
    });
    const candidate = { name, store, election };
    this.candidates.push(candidate);
    return candidate;
  }

  leaders(): readonly Candidate[] {
    return this.candidates.filter((candidate) => candidate.election.isLeader);
  }

  /** The one candidate that leads now. */
  leader(): Candidate {
    const [leader, ...others] = this.leaders();
    expect(others).toEqual([]);
    if (leader === undefined) throw new Error('nobody leads');
    return leader;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.candidates.map((candidate) => candidate.election[Symbol.asyncDispose]()));
  }
}

async function fieldOfThree(): Promise<Field> {
  const field = new Field();
  for (const name of ['a', 'b', 'c']) field.add(name);
  await field.clock.advanceSettling(1_000);
  return field;
}

describe('LeaderElection', () => {
  it('lets one of three lead, whom all see, for as long as it lives', async () => {
    await using field = await fieldOfThree();
    const leader = field.leader();
    await field.clock.advanceSettling(60_000);
    expect(field.leader()).toBe(leader);
    expect(field.candidates.map((candidate) => candidate.election.leader)).toEqual(Array(3).fill(leader.name));
    expect(field.terms).toEqual([leader.name]);
  });

  it('replaces a leader that resigns at once', async () => {
    await using field = await fieldOfThree();
    const first = field.leader();
    await first.election[Symbol.asyncDispose]();
    expect(first.election.isLeader).toBe(false);
    await field.clock.advanceSettling(200);
    expect(field.leader()).not.toBe(first);
  });

  it('aborts a leader that is cut off before another takes over, within the lifetime of its lease', async () => {
    await using field = await fieldOfThree();
    const first = field.leader();
    first.store.cut();
    let overlapMs = 0;
    let vacantMs = 0;
    while (field.leaders()[0] === first || field.leaders().length === 0) {
      await field.clock.advanceSettling(50);
      if (field.leaders().length === 0) vacantMs += 50;
      if (field.leaders().length > 1) overlapMs += 50;
    }
    expect(overlapMs).toBe(0);
    expect(vacantMs).toBeGreaterThan(0);
    expect(field.clock.monotonicMs()).toBeLessThan(1_000 + TTL_SECONDS * 1_000 + 500);
    first.store.heal();
    await field.clock.advanceSettling(60_000);
    expect(field.leader()).not.toBe(first);
  });

  it('ends the term when somebody deletes the key', async () => {
    await using field = await fieldOfThree();
    await field.observer.transact([], [{ kind: 'delete', key: KEY }]);
    expect(field.terms).toHaveLength(1);
    await field.clock.advanceSettling(5_000);
    expect(field.terms).toHaveLength(2);
    field.leader();
  });

  it('campaigns again after a leader that failed or returned', async () => {
    await using field = new Field();
    let attempts = 0;
    field.add('a', async (signal) => {
      attempts += 1;
      if (attempts === 1) throw new Error('failed');
      if (attempts > 2) await untilAborted(signal);
    });
    await field.clock.advanceSettling(5_000);
    expect(attempts).toBe(3);
    expect(field.leader().name).toBe('a');
  });

  it('does not stay behind a key whose creation was not confirmed', async () => {
    await using field = new Field();
    const store = field.observer.connect();
    const holdLease = store.holdLease.bind(store);
    store.holdLease = async (ttlSeconds) => {
      const lease = await holdLease(ttlSeconds);
      store.holdLease = holdLease;
      store.loseNextReply();
      return lease;
    };
    field.add('a', undefined, store);
    await field.clock.advanceSettling(2_000);
    expect(field.leader().name).toBe('a');
    expect((await field.observer.get(KEY))?.createRevision).toBeGreaterThan(2n);
  });

  it('gives a guard that refuses the writes of a leader that was replaced', async () => {
    await using field = new Field();
    const guards: Parameters<Lead>[2][] = [];
    for (const name of ['a', 'b']) {
      field.add(name, (signal, _, guard) => {
        guards.push(guard);
        return untilAborted(signal);
      });
    }
    await field.clock.advanceSettling(1_000);
    await field.leader().election[Symbol.asyncDispose]();
    await field.clock.advanceSettling(1_000);
    const outcomes = [];
    for (const guard of guards) {
      outcomes.push(
        (await field.observer.transact([guard], [{ kind: 'put', key: '/test/work', value: '' }])).committed,
      );
    }
    expect(outcomes).toEqual([false, true]);
  });

  it('never has two leaders, whatever links break and heal', async () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const random = new SeededRandom(seed);
      await using field = await fieldOfThree();
      for (let step = 0; step < 400; step += 1) {
        const candidate = field.candidates[Math.floor(random.fraction() * 3)];
        if (random.fraction() < 0.03) candidate?.store.cut();
        else if (random.fraction() < 0.06) candidate?.store.heal();
        await field.clock.advanceSettling(250);
        expect(field.leaders().length, `seed ${seed}, step ${step}`).toBeLessThanOrEqual(1);
      }
      for (const candidate of field.candidates) candidate.store.heal();
      await field.clock.advanceSettling(30_000);
      field.leader();
    }
  });
});
