import { setTimeout as elapse } from 'node:timers/promises';
import { silentLogger } from '@rackwright/kernel';
import {
  launchEtcd,
  RealClock,
  SeededRandom,
  storeConformance,
  TcpProxy,
  type EtcdServer,
  type StoreHarness,
} from '@rackwright/testing';
import { Etcd3 } from 'etcd3';
import { afterAll, beforeAll } from 'vitest';
import { EtcdStore } from './etcd-store.js';

let etcd: EtcdServer;

beforeAll(async () => {
  etcd = await launchEtcd();
});

afterAll(async () => {
  await etcd[Symbol.asyncDispose]();
});

function connect(endpoint: string): EtcdStore {
  return new EtcdStore({
    endpoints: [endpoint],
    clock: new RealClock(),
    random: new SeededRandom(1),
    logger: silentLogger,
    unaryTimeoutMs: 20_000,
  });
}

async function compactAll(): Promise<void> {
  const client = new Etcd3({ hosts: etcd.endpoint });
  try {
    const { header } = await client.kv.range({ key: Buffer.from('any') });
    await client.kv.compact({ revision: header.revision, physical: true });
  } finally {
    client.close();
  }
}

async function makeStore(): Promise<StoreHarness> {
  const proxy = await TcpProxy.start({ port: etcd.port });
  const store = connect(`http://127.0.0.1:${proxy.port}`);
  const other = connect(etcd.endpoint);
  await other.transact([], [{ kind: 'delete-prefix', prefix: 'conformance/' }]);
  return {
    store,
    other,
    cut: () => {
      proxy.cut();
    },
    heal: () => {
      proxy.heal();
    },
    compact: compactAll,
    elapse: (ms) => elapse(ms),
    [Symbol.asyncDispose]: async () => {
      proxy.heal();
      await store[Symbol.asyncDispose]();
      await other[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

storeConformance('EtcdStore', makeStore);
