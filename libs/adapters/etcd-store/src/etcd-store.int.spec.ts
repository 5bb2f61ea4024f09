import { silentLogger } from '@rackwright/kernel';
import type { Store, Watch, WatchObserver } from '@rackwright/contracts';
import { launchEtcd, RealClock, SeededRandom, TcpProxy, waitFor, type EtcdServer } from '@rackwright/testing';
import { Etcd3 } from 'etcd3';
import { describe, expect, it } from 'vitest';
import { EtcdStore } from './etcd-store.js';
import type { EtcdStoreOptions } from './etcd-store-options.js';

const RECOVERS_WITHIN_MS = 60_000;
/** Time for a call: so much that a busy machine does not use it up. */
const PATIENT_MS = 20_000;
/** Where calls shall time out. */
const IMPATIENT_MS = 4_000;

function connect(endpoint: string, more: Partial<EtcdStoreOptions> = {}): EtcdStore {
  return new EtcdStore({
    endpoints: [endpoint],
    clock: new RealClock(),
    random: new SeededRandom(7),
    logger: silentLogger,
    unaryTimeoutMs: PATIENT_MS,
    ...more,
  });
}

async function put(store: Store, key: string, value: string): Promise<bigint> {
  return (await store.transact([], [{ kind: 'put', key, value }])).revision;
}

interface Followed {
  readonly state: Map<string, string>;
  readonly disconnects: () => number;
  readonly watch: Watch;
}

async function follow(store: Store, onSynced: () => void = () => undefined): Promise<Followed> {
  const state = new Map<string, string>();
  let disconnects = 0;
  const observer: WatchObserver = {
    onChanges: (changes) => {
      for (const change of changes) {
        if (change.kind === 'put') state.set(change.entry.key, change.entry.value);
        else state.delete(change.key);
      }
    },
    onSynced,
    onDisconnected: () => {
      disconnects += 1;
    },
  };
  const watch = store.watch('k/', observer);
  await watch.synced;
  return { state, disconnects: () => disconnects, watch };
}

async function expectCaughtUp(writer: Store, followed: Followed): Promise<void> {
  const deadline = { deadlineMs: RECOVERS_WITHIN_MS };
  const last = await waitFor(() => put(writer, 'k/last', String(performance.now())), {
    what: 'a write goes through',
    ...deadline,
  });
  await waitFor(() => followed.watch.revision >= last, { what: 'the watch catches up', ...deadline });
  const { entries } = await writer.list('k/');
  expect([...followed.state].sort()).toEqual(entries.map((entry) => [entry.key, entry.value]).sort());
}

describe('EtcdStore and the death of etcd', () => {
  it('loses nothing through kill -9 and restart', async () => {
    await using etcd = await launchEtcd();
    await using store = connect(etcd.endpoint);
    const followed = await follow(store);
    for (let round = 0; round < 3; round += 1) {
      await put(store, `k/${round}`, 'acknowledged');
      await etcd.kill9();
      await expect(put(store, 'k/down', 'x')).rejects.toMatchObject({ code: 'store-unavailable', retryable: true });
      await etcd.restart();
      await expectCaughtUp(store, followed);
    }
    expect([...followed.state.keys()].sort()).toEqual(['k/0', 'k/1', 'k/2', 'k/last']);
    expect(followed.disconnects()).toBe(3);
  });

  it('answers within its deadline while etcd is frozen, and notices the silence of a watch', async () => {
    await using etcd = await launchEtcd();
    await using store = connect(etcd.endpoint, { unaryTimeoutMs: IMPATIENT_MS });
    const followed = await follow(store);
    const lease = await store.holdLease(5);
    etcd.pause();
    const unavailable = { code: 'store-unavailable', retryable: true };
    await expect(store.get('k/1')).rejects.toMatchObject(unavailable);
    await expect(put(store, 'k/1', 'x')).rejects.toMatchObject(unavailable);
    await lease.lost;
    await waitFor(() => followed.disconnects() > 0, { what: 'the silence is noticed' });
    etcd.resume();
    await expectCaughtUp(store, followed);
  });

  it('delivers everything anew when etcd comes back with an earlier history', async () => {
    await using first = await launchEtcd();
    await using second = await launchEtcd();
    await using proxy = await TcpProxy.start({ port: first.port });
    await using writer = connect(second.endpoint);
    for (const key of ['k/same', 'k/other']) await put(writer, key, 'of the second');
    await using firstWriter = connect(first.endpoint);
    for (const key of ['k/same', 'k/gone', 'k/more']) await put(firstWriter, key, 'of the first');
    await using store = connect(`http://127.0.0.1:${proxy.port}`);
    const followed = await follow(store);
    proxy.retarget({ port: second.port });
    await waitFor(() => followed.state.has('k/other'), { what: 'the other history', deadlineMs: RECOVERS_WITHIN_MS });
    await expectCaughtUp(writer, followed);
    expect(followed.state.get('k/same')).toBe('of the second');
    expect(followed.state.has('k/gone')).toBe(false);
  });
});

describe('EtcdStore and a link that breaks at any octet of a reconnect', () => {
  it('loses nothing', async () => {
    await using etcd = await launchEtcd();
    await using proxy = await TcpProxy.start({ port: etcd.port });
    await using writer = connect(etcd.endpoint);
    await using store = connect(`http://127.0.0.1:${proxy.port}`, { watchBackoff: { retryMinMs: 5, retryMaxMs: 20 } });
    const followed = await follow(store);
    for (let octets = 1; octets < 1_500; octets += 37) {
      proxy.cut();
      const numbers = Array.from({ length: 30 }, (_, index) => index);
      await Promise.all(numbers.map((number) => put(writer, `k/${octets}/${number}`, 'x'.repeat(60))));
      proxy.healFor(octets);
      await waitFor(() => proxy.isCut, { what: `the cut after ${octets} octets`, pollMs: 2 });
    }
    proxy.heal();
    await expectCaughtUp(writer, followed);
  });
});

describe('EtcdStore and several endpoints', () => {
  it('goes on with the next endpoint after one failure', async () => {
    await using etcd = await launchEtcd();
    await using proxy = await TcpProxy.start({ port: etcd.port });
    await using store = connect('', { endpoints: [`http://127.0.0.1:${proxy.port}`, etcd.endpoint] });
    const followed = await follow(store);
    await put(store, 'k/1', 'over the first');
    proxy.cut();
    await waitFor(() => followed.disconnects() > 0, { what: 'the broken link' });
    await put(store, 'k/2', 'over the second');
    await expectCaughtUp(store, followed);
    expect(followed.state.get('k/2')).toBe('over the second');
  });
});

async function enableAuth(etcd: EtcdServer): Promise<void> {
  const client = new Etcd3({ hosts: etcd.endpoint });
  const role = await client.role('root').create();
  const user = await client.user('root').create('secret');
  await user.addRole(role);
  const limited = await client.role('limited').create();
  await limited.grant({ permission: 'Readwrite', range: client.range({ prefix: 'k/' }) });
  const guest = await client.user('guest').create('secret');
  await guest.addRole(limited);
  await client.auth.authEnable();
  client.close();
}

describe('EtcdStore and authentication', () => {
  it('renews its token after etcd has forgotten it', async () => {
    await using etcd = await launchEtcd();
    await enableAuth(etcd);
    await using store = connect(etcd.endpoint, {
      auth: { username: 'guest', password: 'secret' },
      probeKey: 'k/probe',
    });
    const followed = await follow(store);
    await put(store, 'k/1', 'x');
    await etcd.kill9();
    await etcd.restart();
    await expectCaughtUp(store, followed);
    await store.currentRevision();
  });

  it('reports what its role forbids as refused, and goes on serving the rest', async () => {
    await using etcd = await launchEtcd();
    await enableAuth(etcd);
    await using store = connect(etcd.endpoint, { auth: { username: 'guest', password: 'secret' } });
    const refused = { code: 'store-refused', retryable: false };
    await expect(store.get('other')).rejects.toMatchObject(refused);
    await expect(put(store, 'other', 'x')).rejects.toMatchObject(refused);
    let causes = 0;
    store.watch('other/', { onChanges: () => undefined, onDisconnected: () => (causes += 1) });
    await waitFor(() => causes > 0, { what: 'the refused watch' });
    await expectCaughtUp(store, await follow(store));
  });
});
