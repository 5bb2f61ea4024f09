import { describe, expect, it } from 'vitest';
import { MAX_EXPLAINED_PACKET_BYTES, MAX_REPLAYED_PACKETS } from '@rackwright/contracts';
import type { Idc } from '@rackwright/kernel';
import { ManualClock } from '@rackwright/testing';
import { readCases, vectorFiles, VectorServer, type VectorStep } from '../dhcp/conformance-fixture.js';
import { BootExplainer } from './boot-explainer.js';

const isReplayable = ({ request, after_seconds = 0 }: VectorStep): boolean =>
  after_seconds === 0 && request.hex.length > 0 && request.hex.length <= 2 * MAX_EXPLAINED_PACKET_BYTES;

/** Conversations in which no time passes: a replay is of one moment. */
const cases = vectorFiles
  .flatMap((file) => readCases(file))
  .filter(({ steps }) => steps.length <= MAX_REPLAYED_PACKETS && steps.every(isReplayable));

describe('a replay of the conformance vectors', () => {
  it('has most of them', () => {
    expect(cases.length).toBeGreaterThan(40);
  });

  it.each(cases)('$name', ({ site, steps }) => {
    const server = new VectorServer(site);
    const [first, ...others] = site.addresses;
    const explainer = new BootExplainer({
      idc: 'dc1' as Idc,
      clock: new ManualClock(),
      site: () => ({ view: server.view, addresses: [first, ...others] }),
      chooseScript: () => ({ script: 'wait', reason: 'machine-unknown' }),
      addressesOf: () => [],
    });
    const packets = steps.map(({ request, arrival }) => ({ source_port: 68, ...arrival, packet: request.hex }));
    const { explanations } = explainer.replay({ packets });
    const given = explanations.map(({ decision, reply }) =>
      decision.kind === 'silence' ? { silence: decision.reason } : { reply: reply?.hex },
    );
    expect(given).toEqual(
      steps.map(({ reply, silence }) => (reply === undefined ? { silence } : { reply: reply.hex })),
    );
    expect([server.table.size, server.table.heldCount]).toEqual([0, 0]);
  });
});
