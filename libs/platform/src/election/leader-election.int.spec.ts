import { EtcdStore } from '@rackwright/adapter-etcd-store';
import { silentLogger } from '@rackwright/kernel';
import { launchEtcd, RealClock, SeededRandom, TcpProxy, waitFor, type EtcdServer } from '@rackwright/testing';
import { describe, expect, it } from 'vitest';
import { LeaderElection } from './leader-election.js';

/** Short, so that the loss of a leader is soon seen. */
const TTL_SECONDS = 2;
/** So long that only resigning makes way before the deadline of a test. */
const LONG_TTL_SECONDS = 600;
/** A link that is cut and a server that is killed are noticed at once; a busy one gets all the time it needs. */
const CALL_TIMEOUT_MS = 20_000;
const TAKEOVER_WITHIN_MS = 60_000;

/** Two candidates, each behind a proxy of its own, and the moments at which they led. */
class Race implements AsyncDisposable {
  readonly running: string[] = [];
  mostAtOnce = 0;
  readonly #disposables = new AsyncDisposableStack();
  readonly #members = new Map<string, { readonly election: LeaderElection; readonly proxy: TcpProxy }>();

  async add(name: string, etcd: EtcdServer, ttlSeconds: number): Promise<void> {
    const proxy = this.#disposables.use(await TcpProxy.start({ port: etcd.port }));
    const clock = new RealClock();
    const ports = { clock, random: new SeededRandom(name.length), logger: silentLogger };
    const store = this.#disposables.use(
      new EtcdStore({ ...ports, endpoints: [`http://127.0.0.1:${proxy.port}`], unaryTimeoutMs: CALL_TIMEOUT_MS }),
    );
    const election = new LeaderElection({
      ...ports,
      store,
      key: '/test/leader',
      identity: name,
      ttlSeconds,
      lead: (signal) => this.#lead(name, signal),
    });
    this.#disposables.use(election);
    this.#members.set(name, { election, proxy });
  }

  async leader(): Promise<string> {
    return waitFor(() => this.running[0], { what: 'a leader', deadlineMs: TAKEOVER_WITHIN_MS });
  }

  member(name: string): { readonly election: LeaderElection; readonly proxy: TcpProxy } {
    const member = this.#members.get(name);
    if (member === undefined) throw new Error(`no candidate ${name}`);
    return member;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#disposables[Symbol.asyncDispose]();
  }

  async #lead(name: string, signal: AbortSignal): Promise<void> {
    this.running.push(name);
    this.mostAtOnce = Math.max(this.mostAtOnce, this.running.length);
    await new Promise((resolve) => {
      signal.addEventListener('abort', resolve);
    });
    this.running.splice(this.running.indexOf(name), 1);
  }
}

async function race(etcd: EtcdServer, ttlSeconds = TTL_SECONDS): Promise<Race> {
  const started = new Race();
  await started.add('one', etcd, ttlSeconds);
  await started.add('other', etcd, ttlSeconds);
  return started;
}

describe('LeaderElection on etcd', () => {
  it('replaces a leader that is cut off once its lease has run out, and never has two', async () => {
    await using etcd = await launchEtcd();
    await using elections = await race(etcd);
    const first = await elections.leader();
    elections.member(first).proxy.cut();
    const second = first === 'one' ? 'other' : 'one';
    await waitFor(() => elections.running[0] === second, { what: 'the takeover', deadlineMs: TAKEOVER_WITHIN_MS });
    elections.member(first).proxy.heal();
    expect(elections.mostAtOnce).toBe(1);
  });

  it('replaces a leader that resigns without waiting for its lease to run out', async () => {
    await using etcd = await launchEtcd();
    await using elections = await race(etcd, LONG_TTL_SECONDS);
    const first = await elections.leader();
    await elections.member(first).election[Symbol.asyncDispose]();
    const second = first === 'one' ? 'other' : 'one';
    await waitFor(() => elections.running[0] === second, { what: 'the takeover', deadlineMs: TAKEOVER_WITHIN_MS });
    expect(elections.mostAtOnce).toBe(1);
  });

  it('has one leader again after etcd was killed and restarted', async () => {
    await using etcd = await launchEtcd();
    await using elections = await race(etcd);
    await elections.leader();
    await etcd.kill9();
    await waitFor(() => elections.running.length === 0, { what: 'the leader fences itself' });
    await etcd.restart();
    await elections.leader();
    expect(elections.mostAtOnce).toBe(1);
  });
});
