import { afterEach, expect, it } from 'vitest';
import { FileDocument, FileJournal } from '@rackwright/adapter-file-journal';
import { LiquidTemplates } from '@rackwright/adapter-liquid-templates';
import { MemoryStore } from '@rackwright/adapter-memory-store';
import { silentLogger } from '@rackwright/kernel';
import { systemClock } from '@rackwright/platform';
import { MessageType, messageTypeOf, OptionCode } from '@rackwright/protocol-dhcp4';
import { MemoryNetwork, waitFor } from '@rackwright/testing';
import { address } from './boot-plane-fixture.js';
import { discover, macNumber, pxeOptions, startSegment, type Segment } from './dhcp-segment-fixture.js';

const closing: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of closing.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

async function start(env: Readonly<Record<string, string>>, bootFiles: readonly string[] = []): Promise<Segment> {
  const adapters = {
    network: new MemoryNetwork(),
    templates: new LiquidTemplates(),
    store: new MemoryStore({ clock: systemClock }),
    openLog: (directory: string) => FileJournal.open({ directory, logger: silentLogger }),
    document: (path: string) => new FileDocument(path),
  };
  const segment = await startSegment(adapters, { env, bootFiles });
  closing.push(segment);
  return segment;
}

const a = macNumber(1);
const bootp = { ...discover(a), options: new Map<number, Uint8Array>() };

it.each([
  ['off', { silence: 1, replies: 0 }],
  ['reservations', { silence: 0, replies: 1 }],
])('D22 dhcp.bootp=%s decides what a message without option 53 gets (RFC 1534 section 2)', async (policy, expected) => {
  const segment = await start({ RW_DHCP_BOOTP: policy });
  segment.region.reserve({ mac: a, ip: address('10.77.9.9'), allow_netboot: true });
  const client = await segment.client({});
  client.send(bootp);
  const counts = async () => ({
    silence: await segment.metric('rw_dhcp_silence_total{reason="bootp-not-served"}'),
    replies: await segment.metric('rw_dhcp_packets_total{type="bootp",direction="out"}'),
  });
  await waitFor(async () => Object.values(await counts()).some((count) => count > 0), { what: 'the decision' });
  expect(await counts()).toEqual(expected);
  expect(client.heard.map(({ packet }) => packet.yiaddr)).toEqual(expected.replies === 1 ? ['10.77.9.9'] : []);
});

it.each([
  ['drop', 'relay-option-untrusted'],
  ['trust', undefined],
])(
  'D28 dhcp.direct_option_82=%s decides about option 82 without a relay (RFC 3046 section 2.1)',
  async (policy, silence) => {
    const segment = await start({ RW_DHCP_DIRECT_OPTION_82: policy });
    const client = await segment.client({});
    const information = Uint8Array.of(1, 2, 0xab, 0xcd);
    const message = discover(a, [[OptionCode.RelayAgentInformation, information]]);
    if (silence === undefined) {
      const offer = await client.ask(message);
      expect(offer.options.get(OptionCode.RelayAgentInformation)).toEqual(information);
      return;
    }
    client.send(message);
    await waitFor(async () => (await segment.metric(`rw_dhcp_silence_total{reason="${silence}"}`)) === 1, {
      what: silence,
    });
    expect(client.heard).toEqual([]);
  },
);

it('D42 a machine that may not netboot gets its lease at once and nothing that would keep it from its disk', async () => {
  const segment = await start({}, ['ipxe.efi']);
  segment.region.reserve({ mac: a, allow_netboot: false });
  const offer = await (await segment.client({})).ask(discover(a, pxeOptions));
  expect([messageTypeOf(offer), offer.file, offer.siaddr]).toEqual([MessageType.DHCPOFFER, '', '0.0.0.0']);
  for (const code of [43, 60, 66, 67, 150]) expect([code, offer.options.has(code)]).toEqual([code, false]);
});

it('D38 D42 a proxy says nothing to it, and its DHCP server alone decides', async () => {
  const segment = await start({ RW_DHCP_MODE: 'auto-proxy' }, ['ipxe.efi']);
  segment.region.reserve({ mac: a, allow_netboot: false });
  const client = await segment.client({});
  client.send(discover(a, pxeOptions));
  await waitFor(async () => (await segment.metric('rw_dhcp_boot_refused_total{reason="netboot-disabled"}')) === 1, {
    what: 'the refusal',
  });
  const offer = await client.ask(discover(macNumber(2), pxeOptions));
  expect(client.heard).toHaveLength(1);
  expect(offer).toMatchObject({ yiaddr: '0.0.0.0', file: 'ipxe.efi' });
});
