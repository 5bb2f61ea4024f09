import { describe, expect, it } from 'vitest';
import type { DeviceMessage } from '@rackwright/contracts';
import { waitFor } from '../../wait-for.js';
import type { WithHarness } from './harness.js';

const badTopics = ['', 'node/+/command', 'node/#', 'node//command', 'node/a.b/command', 'node/a b/command'];
const badFilters = ['', '#', '+/status', 'node/#', 'node/*/status', 'rw/v1/+/event', '_INBOX/+'];

/** MQTT messages in both directions. */
export function deviceConformance(withHarness: WithHarness): void {
  describe('device messages', () => {
    it(
      'reach who listens to their topic, unchanged',
      withHarness(async (harness) => {
        const [near, far] = [await harness.connect(), await harness.connect()];
        const seen: DeviceMessage[] = [];
        far.onDeviceMessage('node/+/command', (message) => void seen.push(message));
        far.onDeviceMessage('node/ccdd/command', () => {
          throw new Error('a failing listener harms nobody else');
        });
        await far.ping();
        const payload = Uint8Array.of(0, 255, 10, 13);
        for (const topic of ['node/aabb/command', 'node/aabb/result', 'node/ccdd/command']) {
          await near.publishToDevice({ topic, payload });
        }
        await waitFor(() => seen.length === 2, { what: 'two commands' });
        expect(seen.map(({ topic }) => topic)).toEqual(['node/aabb/command', 'node/ccdd/command']);
        expect(Array.from(seen[0]?.payload ?? [])).toEqual([0, 255, 10, 13]);
      }),
    );
    it(
      'stop with their subscription, and go on after outages',
      withHarness(async (harness) => {
        const bus = await harness.connect();
        const [kept, ended]: DeviceMessage[][] = [[], []];
        bus.onDeviceMessage('node/+/status', (message) => void kept?.push(message));
        const subscription = bus.onDeviceMessage('node/+/status', (message) => void ended?.push(message));
        await subscription[Symbol.asyncDispose]();
        for (const outage of harness.outages) {
          await outage.begin();
          await outage.end();
          const before = kept?.length ?? 0;
          const isHeard = async (): Promise<boolean> => {
            await bus.publishToDevice({ topic: 'node/aabb/status', payload: new Uint8Array() });
            return (kept?.length ?? 0) > before;
          };
          await waitFor(isHeard, { what: `a status after ${outage.name}` });
        }
        expect(ended).toEqual([]);
      }),
    );
    it(
      'are refused on topics that are patterns, or no topics at all',
      withHarness(async (harness) => {
        const bus = await harness.connect();
        for (const topic of badTopics) {
          await expect(bus.publishToDevice({ topic, payload: new Uint8Array() }), topic).rejects.toThrow(RangeError);
        }
        for (const filter of badFilters) {
          expect(() => bus.onDeviceMessage(filter, () => undefined), filter).toThrow(RangeError);
        }
      }),
    );
  });
}
