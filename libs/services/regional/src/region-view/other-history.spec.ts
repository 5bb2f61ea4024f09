import { afterEach, expect, it } from 'vitest';
import { waitFor } from '@rackwright/testing';
import { approvedTask, call, mac, newDisk, Site, sn, taskKey, type Region } from '../region-rig.spec.js';

const open: Region[] = [];

afterEach(async () => {
  for (const region of open.splice(0)) await region[Symbol.asyncDispose]();
});

async function put(site: Site, key: string, value: object): Promise<void> {
  await site.store.transact([], [{ kind: 'put', key, value: JSON.stringify(value) }]);
}

async function pass(site: Site, revisions: number): Promise<void> {
  for (let done = 0; done < revisions; done += 1) await put(site, '/elsewhere', { done });
}

const node = { mac, idc: 'dc1', status: 'discovered', dns: [], created_at: '2026-01-01T00:00:00.000Z' };
const nodeKey = `/os/dc1/nodes/${mac}`;
const gone = { ...node, mac: '001a2b3c4d60', updated_at: node.created_at };

/** A region that ran at an etcd, stopped, and left its disk. */
async function diskOfEarlierEtcd(revisionsBefore: number): Promise<ReturnType<typeof newDisk>> {
  const disk = newDisk();
  const earlier = new Site();
  await pass(earlier, revisionsBefore);
  const region = await earlier.start(disk);
  await put(earlier, nodeKey, { ...node, hostname: 'old', updated_at: node.created_at });
  await put(earlier, `/os/dc1/nodes/${gone.mac}`, gone);
  await earlier.approve(region);
  await waitFor(async () => (await earlier.task()).pxe_configured, { what: 'the region noted the approval' });
  await region[Symbol.asyncDispose]();
  return disk;
}

it.each([
  { what: 'older revisions of the same keys', before: 40, after: 200 },
  { what: 'the very same revisions', before: 0, after: 0 },
  { what: 'a lower revision as a whole', before: 300, after: 0 },
])('believes an etcd that was replaced while the region was down, with $what', async ({ before, after }) => {
  const disk = await diskOfEarlierEtcd(before);
  const replaced = new Site();
  const task = { ...approvedTask(), task_id: 'task-0bbbbbbb', pxe_configured: true };
  await put(replaced, nodeKey, { ...node, hostname: 'new', updated_at: node.created_at });
  await put(replaced, taskKey, task);
  await pass(replaced, after);
  const region = await replaced.start(disk);
  open.push(region);
  await waitFor(async () => (await call(region, 'GET', '/ready')).status === 200, { what: 'the region is ready' });
  await waitFor(async () => (await call(region, 'GET', `/api/v1/task/${sn}`)).body.task_id === task.task_id, {
    what: 'the task of the present etcd',
  });
  expect((await call(region, 'GET', `/api/v1/nodes/${mac}`)).body).toMatchObject({ hostname: 'new' });
  expect((await call(region, 'GET', `/api/v1/nodes/${gone.mac}`)).status).toBe(404);
});
