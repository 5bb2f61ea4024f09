import { afterEach, describe, expect, it } from 'vitest';
import { FileDocument, FileJournal } from '@rackwright/adapter-file-journal';
import { LiquidTemplates } from '@rackwright/adapter-liquid-templates';
import { MemoryStore } from '@rackwright/adapter-memory-store';
import { silentLogger } from '@rackwright/kernel';
import { systemClock } from '@rackwright/platform';
import { MessageType, messageTypeOf, type DhcpPacket } from '@rackwright/protocol-dhcp4';
import { ManualClock, MemoryDisk, MemoryJournal, MemoryNetwork, waitFor } from '@rackwright/testing';
import { discover, macNumber, message, SERVER, startSegment, take, type Segment } from './dhcp-segment-fixture.js';

const closing: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of closing.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

/** A region whose leases go to `disk`, or to files, and whose time the test makes pass. */
async function start(disk?: MemoryDisk): Promise<Segment & { readonly clock: ManualClock }> {
  const clock = new ManualClock();
  const segment = await startSegment(
    {
      network: new MemoryNetwork(),
      templates: new LiquidTemplates(),
      store: new MemoryStore({ clock: systemClock }),
      openLog: async (directory) =>
        disk === undefined ? FileJournal.open({ directory, logger: silentLogger }) : new MemoryJournal(disk),
      document: (path) => new FileDocument(path),
    },
    { clock },
  );
  closing.push(segment);
  return { ...segment, clock };
}

const a = macNumber(1);
const b = macNumber(2);
const renewal = (ack: DhcpPacket, mac = a): DhcpPacket => ({
  ...message(mac, MessageType.DHCPREQUEST),
  ciaddr: ack.yiaddr,
  flags: 0,
});

describe('a disk that takes nothing', () => {
  it('lets no machine be told of a lease, new or renewed; they are when there is room again', async () => {
    const disk = new MemoryDisk();
    const segment = await start(disk);
    const client = await segment.client({});
    const offers = [await client.ask(discover(a)), await client.ask(discover(b))] as const;
    const ack = await client.ask(take(offers[0], a));
    const own = await segment.client({ address: ack.yiaddr });
    client.heard.length = 0;
    disk.isFull = true;
    client.send(take(offers[1], b));
    own.send(renewal(ack), { address: SERVER });
    await waitFor(async () => (await segment.metric('rw_dhcp_silence_total{reason="disk-failed"}')) === 2, {
      what: 'two machines without an answer',
    });
    expect([client.heard, own.heard]).toEqual([[], []]);
    expect(segment.plane.dhcpStatus()).toMatchObject({ acks: 1, dropped: 2, in_flight: 0 });
    expect(messageTypeOf(await client.ask(discover(macNumber(3))))).toBe(MessageType.DHCPOFFER);
    disk.isFull = false;
    expect(await client.ask(take(offers[1], b))).toMatchObject({ yiaddr: offers[1].yiaddr });
    expect(await own.ask(renewal(ack), { address: SERVER })).toMatchObject({ yiaddr: ack.yiaddr });
    expect(disk.records.size).toBe(3);
  });
});

describe('the end of a lease', () => {
  it('is counted, written down and told without anybody asking', async () => {
    const segment = await start();
    const [lan] = segment.region.subnets();
    if (lan === undefined) throw new Error('no subnet');
    segment.region.putSubnets({ ...lan, lease_seconds: 1 });
    const client = await segment.client({});
    const ack = await client.ask(take(await client.ask(discover(a)), a));
    expect(await segment.metric('rw_dhcp_leases{state="active"}')).toBe(1);
    const isEnded = async (): Promise<boolean> => (await segment.metric('rw_dhcp_leases{state="expired"}')) === 1;
    segment.clock.advance(999);
    expect(await isEnded()).toBe(false);
    // Ends are looked for once a second.
    segment.clock.advance(1_001);
    await waitFor(isEnded, { what: 'the end' });
    expect(await segment.metric('rw_dhcp_leases{state="active"}')).toBe(0);
    expect(segment.plane.dhcpLeases({ state: 'expired' })).toMatchObject([{ ip: ack.yiaddr, version: 2 }]);
    const types = async (): Promise<readonly string[]> =>
      (await segment.store.list('/os/outbox/dc1/')).entries.map(
        ({ value }) => (JSON.parse(value) as { type: string }).type,
      );
    await waitFor(async () => (await types()).length === 2, { what: 'the events' });
    expect([...(await types())].sort()).toEqual(['lease.expired', 'lease.granted']);
  });
});
