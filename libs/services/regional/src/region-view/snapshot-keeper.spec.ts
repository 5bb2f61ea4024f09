import { expect, it } from 'vitest';
import { silentLogger, type Idc, type Mac } from '@rackwright/kernel';
import { ManualClock, MemoryDisk, MemoryDocument } from '@rackwright/testing';
import { RegionState } from './region-state.js';
import { SnapshotKeeper } from './snapshot-keeper.js';

const idc = 'dc1' as Idc;
const mac = '001a2b3c4d5e' as Mac;

function nodeSeenAt(second: number): string {
  const at = `2026-01-01T00:00:${String(second).padStart(2, '0')}.000Z`;
  return JSON.stringify({ mac, idc, status: 'discovered', dns: [], created_at: at, updated_at: at });
}

it('asks a full disk rarely, complains once, and is complete when there is room again', async () => {
  const clock = new ManualClock();
  const disk = new MemoryDisk();
  const complaints: string[] = [];
  const logger = { ...silentLogger, error: (_fields: object, message: string) => void complaints.push(message) };
  const state = new RegionState(idc, silentLogger);
  const documents = [new MemoryDocument(disk)];
  const keeper = new SnapshotKeeper(state, { idc, documents, clock, logger });
  disk.isFull = true;
  for (let second = 1; second <= 40; second += 1) {
    const entry = { key: `/os/dc1/nodes/${mac}`, value: nodeSeenAt(second), modRevision: BigInt(second) };
    state.apply([{ kind: 'put', entry: { ...entry, createRevision: 1n } }]);
    await clock.advanceSettling(1_000);
  }
  expect(complaints).toEqual(['snapshot not written; trying again until the disk takes it']);
  disk.isFull = false;
  await clock.advanceSettling(10_000);
  const restored = new RegionState(idc, silentLogger);
  const reader = new SnapshotKeeper(restored, { idc, documents, clock, logger });
  expect(await reader.load()).toBe(true);
  expect(restored.nodeByMac(mac)?.updated_at).toBe('2026-01-01T00:00:40.000Z');
  await keeper[Symbol.asyncDispose]();
});
