import { afterEach, describe, expect, it } from 'vitest';
import { FileDocument, FileJournal } from '@rackwright/adapter-file-journal';
import { LiquidTemplates } from '@rackwright/adapter-liquid-templates';
import { MemoryStore } from '@rackwright/adapter-memory-store';
import type { DurableLog, LinkDatagram, LinkSenders, ProbeAnswer } from '@rackwright/contracts';
import { OperationalError, silentLogger, type Ipv4 } from '@rackwright/kernel';
import { systemClock } from '@rackwright/platform';
import { decodeDhcp, ipv4Option, MessageType, messageTypeOf, OptionCode } from '@rackwright/protocol-dhcp4';
import { ManualClock, MemoryNetwork, waitFor, type DatagramInFlight } from '@rackwright/testing';
import { address } from './boot-plane-fixture.js';
import {
  discover,
  macNumber,
  message,
  pxeOptions,
  SERVER,
  startSegment,
  take,
  type Segment,
  type SegmentOptions,
} from './dhcp-segment-fixture.js';

const closing: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of closing.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

async function start(options: SegmentOptions = {}): Promise<Segment & { readonly network: MemoryNetwork }> {
  const network = new MemoryNetwork();
  const segment = await startSegment(
    {
      network,
      templates: new LiquidTemplates(),
      store: new MemoryStore({ clock: systemClock }),
      openLog: (directory) => FileJournal.open({ directory, logger: silentLogger }),
      document: (path) => new FileDocument(path),
    },
    options,
  );
  closing.push(segment);
  return { ...segment, network };
}

const a = macNumber(1);
const biosOptions = [...pxeOptions, [OptionCode.ClientSystemArchitecture, Uint8Array.of(0, 0)] as const];
const unicastDiscover = { ...discover(a), flags: 0 };

/** Everything the server sends from now on. */
function capture({ network }: { readonly network: MemoryNetwork }): DatagramInFlight[] {
  const sent: DatagramInFlight[] = [];
  network.loseIf((datagram) => {
    if (datagram.from.address === SERVER) sent.push(datagram);
    return false;
  });
  return sent;
}

class RecordedLinks implements LinkSenders {
  readonly sent: LinkDatagram[] = [];
  readonly opened: string[] = [];
  fails = false;

  open(interfaceName: string) {
    this.opened.push(interfaceName);
    return {
      interfaceName,
      send: (datagram: LinkDatagram) => {
        if (this.fails) {
          throw new OperationalError('the interface is down', { code: 'interface-unusable', retryable: true });
        }
        this.sent.push(datagram);
      },
      [Symbol.dispose]: () => undefined,
    };
  }
}

describe('where DHCP replies go', () => {
  it('D9 only the served interface is heard and answered (RFC 2131 section 4.1)', async () => {
    const segment = await start();
    const sent = capture(segment);
    const [here, there] = [await segment.client({}), await segment.client({ segment: 'b' })];
    there.send(discover(macNumber(2)));
    await here.ask(discover(a));
    expect(sent.map(({ to }) => to)).toEqual([{ address: '255.255.255.255', port: 68 }]);
    expect(there.heard).toEqual([]);
    expect(await segment.metric('rw_dhcp_packets_total{type="discover",direction="in"}')).toBe(1);
  });

  it('D8 a client without the broadcast flag gets a frame of its own (RFC 2131 section 4.1)', async () => {
    const links = new RecordedLinks();
    const segment = await start({ links });
    const sent = capture(segment);
    (await segment.client({})).send(unicastDiscover);
    await waitFor(() => links.sent.length > 0, { what: 'the frame' });
    const [frame] = links.sent;
    const packet = decodeDhcp(frame?.bytes ?? new Uint8Array(0));
    if (!packet.ok) throw new Error(packet.fault.code);
    expect(frame).toMatchObject({
      mac: a,
      from: { address: SERVER, port: 67 },
      to: { address: packet.value.yiaddr, port: 68 },
    });
    expect(sent).toEqual([]);
    expect(await segment.metric('rw_dhcp_broadcast_fallback_total')).toBe(0);
  });

  it.each(['there is no way to send frames', 'sending a frame fails'])(
    'D8 the reply is broadcast and counted when %s',
    async (what) => {
      const links = new RecordedLinks();
      links.fails = true;
      const segment = await start(what === 'sending a frame fails' ? { links } : {});
      const offer = await (await segment.client({})).ask(unicastDiscover);
      expect(messageTypeOf(offer)).toBe(MessageType.DHCPOFFER);
      expect(await segment.metric('rw_dhcp_broadcast_fallback_total')).toBe(1);
    },
  );

  it('D8 dhcp.unicast off broadcasts without trying', async () => {
    const links = new RecordedLinks();
    const segment = await start({ links, env: { RW_DHCP_UNICAST: 'off' } });
    await (await segment.client({})).ask(unicastDiscover);
    expect([links.opened, await segment.metric('rw_dhcp_broadcast_fallback_total')]).toEqual([[], 0]);
  });

  it.each(['server', 'reservation', 'proxy', 'auto-proxy'])(
    'D39 in the mode %s port 4011 answers where it was asked from (PXE 2.1 section 2.2.5)',
    async (mode) => {
      const segment = await start({ env: { RW_DHCP_MODE: mode }, bootFiles: ['ipxe.efi'] });
      segment.region.reserve({ mac: a, allow_netboot: true });
      const own = address('10.77.0.99');
      for (const port of [68, 4011]) {
        const client = await segment.client({ address: own, port });
        const request = { ...message(a, MessageType.DHCPREQUEST, pxeOptions), ciaddr: own };
        const ack = await client.ask(request, { address: SERVER, port: 4011 });
        expect(ack).toMatchObject({ ciaddr: own, yiaddr: '0.0.0.0', siaddr: SERVER, file: 'ipxe.efi' });
        expect(messageTypeOf(ack)).toBe(MessageType.DHCPACK);
        expect(client.heard.map(({ from }) => from)).toEqual([{ address: SERVER, port: 4011 }]);
      }
    },
  );

  it('the mode off opens no port', async () => {
    const segment = await start({ env: { RW_DHCP_MODE: 'off' } });
    expect(segment.plane.dhcpStatus()).toMatchObject({ status: 'stopped', mode: 'off' });
    expect(segment.plane.dhcpStatus()['boot_server']).toBeUndefined();
  });

  it.each(['server', 'reservation', 'proxy', 'auto-proxy'])(
    'in the mode %s a dry run sends nothing, on port 4011 neither',
    async (mode) => {
      const links = new RecordedLinks();
      const env = { RW_DHCP_MODE: mode, RW_DHCP_DRY_RUN: 'true' };
      const segment = await start({ links, env, bootFiles: ['ipxe.efi'] });
      segment.region.reserve({ mac: a, ip: address('10.77.9.9'), allow_netboot: true });
      const sent = capture(segment);
      const client = await segment.client({ address: address('10.77.0.99') });
      client.send(discover(a, pxeOptions));
      client.send({ ...discover(a, pxeOptions), flags: 0 });
      client.send(message(a, MessageType.DHCPREQUEST, pxeOptions), { address: SERVER, port: 4011 });
      await waitFor(async () => (await segment.metric('rw_dhcp_silence_total{reason="dry-run"}')) === 3, {
        what: 'three messages that were not answered',
      });
      expect([sent, links.sent, client.heard]).toEqual([[], [], []]);
      expect(segment.plane.dhcpStatus()).toMatchObject({
        dry_run: true,
        offers: 0,
        acks: 0,
        offers_held: 0,
        leases: 0,
      });
    },
  );
});

/** Answers as told, in order; after that nobody answers. */
class ScriptedProbe {
  readonly asked: [Ipv4, number][] = [];
  readonly #answers: (ProbeAnswer | Promise<ProbeAnswer>)[];

  constructor(...answers: (ProbeAnswer | Promise<ProbeAnswer>)[]) {
    this.#answers = answers;
  }

  async ask(ip: Ipv4, deadlineMs: number): Promise<ProbeAnswer> {
    this.asked.push([ip, deadlineMs]);
    return this.#answers.shift() ?? 'silent';
  }

  [Symbol.dispose](): void {
    this.#answers.length = 0;
  }
}

describe('D47 probing an address before its first offer (RFC 2131 section 3.1)', () => {
  const env = { RW_DHCP_PROBE_TIME: '200ms' };

  it('D47 an address that nobody uses is asked for once and offered', async () => {
    const probe = new ScriptedProbe();
    const segment = await start({ probe, env });
    const client = await segment.client({});
    const offer = await client.ask(discover(a));
    expect(await client.ask(discover(a))).toEqual(offer);
    const ack = await client.ask(take(offer, a));
    expect([messageTypeOf(ack), probe.asked]).toEqual([MessageType.DHCPACK, [[offer.yiaddr, 200]]]);
  });

  it('D47 an address that answers goes into quarantine with an event, and another one is offered', async () => {
    const probe = new ScriptedProbe('in-use');
    const segment = await start({ probe, env });
    const offer = await (await segment.client({})).ask(discover(a));
    const [[first] = ['' as Ipv4]] = probe.asked;
    expect(probe.asked.map(([ip]) => ip)).toEqual([first, offer.yiaddr]);
    expect(segment.plane.dhcpLeases({})).toMatchObject([{ ip: first, state: 'declined' }]);
    await waitFor(async () => (await segment.store.list('/os/outbox/dc1/')).entries.length > 0, { what: 'the event' });
    const [event] = (await segment.store.list('/os/outbox/dc1/')).entries;
    expect(JSON.parse(event?.value ?? '')).toMatchObject({ type: 'lease.declined', data: { ip: first } });
    expect(await segment.metric('rw_dhcp_conflicts_total')).toBe(1);
  });

  it('D47 gives up after three addresses in use, and the client asks again', async () => {
    const probe = new ScriptedProbe('in-use', 'in-use', 'in-use');
    const segment = await start({ probe, env });
    const client = await segment.client({});
    client.send(discover(a));
    await waitFor(async () => (await segment.metric('rw_dhcp_silence_total{reason="probe-conflicts"}')) === 1, {
      what: 'giving up',
    });
    expect(client.heard).toEqual([]);
    expect(segment.plane.dhcpStatus()).toMatchObject({ offers_held: 0 });
    const offer = await client.ask(discover(a));
    expect(new Set(probe.asked.map(([ip]) => ip)).size).toBe(4);
    expect(probe.asked.at(-1)).toEqual([offer.yiaddr, 200]);
  });

  it('D47 offers without an answer when the budget of probes is used up', async () => {
    const segment = await start({ probe: new ScriptedProbe('not-asked'), env });
    expect(messageTypeOf(await (await segment.client({})).ask(discover(a)))).toBe(MessageType.DHCPOFFER);
  });

  it('D47 a DISCOVER repeated during the probe waits with the first', async () => {
    const answer = Promise.withResolvers<ProbeAnswer>();
    const segment = await start({ probe: new ScriptedProbe(answer.promise), env });
    const client = await segment.client({});
    client.send(discover(a));
    client.send(discover(a));
    await waitFor(async () => (await segment.metric('rw_dhcp_silence_total{reason="probe-pending"}')) === 1, {
      what: 'the repetition',
    });
    expect(segment.plane.dhcpStatus()).toMatchObject({ in_flight: 1 });
    answer.resolve('silent');
    await waitFor(() => client.heard.length === 1, { what: 'the one offer' });
    expect(segment.plane.dhcpStatus()).toMatchObject({ in_flight: 0, offers: 1 });
  });

  it('D47 asks nobody by default, and never for a reserved address', async () => {
    const probe = new ScriptedProbe();
    const byDefault = await start({ probe });
    await (await byDefault.client({})).ask(discover(a));
    const enabled = await start({ probe, env });
    enabled.region.reserve({ mac: a, ip: address('10.77.9.9'), allow_netboot: true });
    expect((await (await enabled.client({})).ask(discover(a))).yiaddr).toBe('10.77.9.9');
    expect(probe.asked).toEqual([]);
  });
});

/** A log whose appends wait for the test. */
class StuckLog implements DurableLog {
  readonly damagedRecords = 0;
  readonly length = 0;
  readonly waiting: (() => void)[] = [];

  async *read(): AsyncGenerator<never> {
    // Nothing was kept.
  }

  append(): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.waiting.push(() => {
      resolve(1);
    });
    return promise;
  }

  async truncate(): Promise<void> {
    // Nothing is kept.
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const go of this.waiting) go();
  }
}

describe('bounds of DHCP', () => {
  it('drops what comes on top of dhcp.queue_limit messages that wait for the disk, and counts it', async () => {
    const log = new StuckLog();
    const segment = await start({ openLog: async () => log, env: { RW_DHCP_QUEUE_LIMIT: '2' } });
    const client = await segment.client({});
    const offers = [];
    for (const number of [1, 2, 3, 4]) offers.push(await client.ask(discover(macNumber(number))));
    client.heard.length = 0;
    for (const [index, offer] of offers.entries()) client.send(take(offer, macNumber(index + 1)));
    await waitFor(async () => (await segment.metric('rw_dhcp_queue_dropped_total')) === 2, { what: 'the drops' });
    expect(segment.plane.dhcpStatus()).toMatchObject({ in_flight: 2, dropped: 2, acks: 0 });
    expect(client.heard).toEqual([]);
    for (const go of log.waiting) go();
    await waitFor(() => client.heard.length === 2, { what: 'the replies after the disk' });
    expect(await segment.metric('rw_dhcp_silence_total{reason="overloaded"}')).toBe(2);
  });

  it('looks at dhcp.rate_burst messages of one MAC at once and drops the others', async () => {
    const env = { RW_DHCP_RATE_BURST: '3', RW_DHCP_RATE_LIMIT: '1' };
    const segment = await start({ clock: new ManualClock(), env });
    const client = await segment.client({});
    for (let count = 0; count < 10; count += 1) client.send(discover(a));
    await waitFor(async () => (await segment.metric('rw_dhcp_silence_total{reason="rate-limited"}')) === 7, {
      what: 'the limit',
    });
    expect(client.heard).toHaveLength(3);
    await client.ask(discover(macNumber(2)));
  });
});

describe('what DHCP counts and tells', () => {
  it('every series moves', async () => {
    const segment = await start({ bootFiles: ['ipxe.efi'] });
    const client = await segment.client({});
    const offer = await client.ask(discover(a, pxeOptions));
    expect(await segment.metric('rw_dhcp_leases{state="offered"}')).toBe(1);
    await client.ask(take(offer, a));
    expect(await segment.metric('rw_dhcp_leases{state="active"}')).toBe(1);
    expect(await segment.metric('rw_dhcp_leases{state="offered"}')).toBe(0);
    client.send({ ...message(a, MessageType.DHCPRELEASE), ciaddr: offer.yiaddr });
    await waitFor(async () => (await segment.metric('rw_dhcp_leases{state="released"}')) === 1, {
      what: 'the release',
    });
    const wrong = message(a, MessageType.DHCPREQUEST, [[OptionCode.RequestedIpAddress, Uint8Array.of(192, 168, 1, 1)]]);
    expect(messageTypeOf(await client.ask(wrong))).toBe(MessageType.DHCPNAK);
    await client.ask(discover(macNumber(2), biosOptions));
    const series = {
      'rw_dhcp_packets_total{type="discover",direction="in"}': 2,
      'rw_dhcp_packets_total{type="request",direction="in"}': 2,
      'rw_dhcp_packets_total{type="release",direction="in"}': 1,
      'rw_dhcp_packets_total{type="offer",direction="out"}': 2,
      'rw_dhcp_packets_total{type="ack",direction="out"}': 1,
      'rw_dhcp_packets_total{type="nak",direction="out"}': 1,
      'rw_dhcp_silence_total{reason="released"}': 1,
      rw_dhcp_reply_seconds_count: 4,
      'rw_dhcp_boot_refused_total{reason="boot-file-missing"}': 1,
    };
    const found = await Promise.all(
      Object.keys(series).map(async (name) => [name, await segment.metric(name)] as const),
    );
    expect(Object.fromEntries(found)).toEqual(series);
    expect(await segment.metric('rw_dhcp_reply_seconds_sum')).toBeGreaterThan(0);
  });

  it('tells of boots that were refused, by a proxy that stays silent as well', async () => {
    for (const mode of ['server', 'auto-proxy']) {
      const { client, region } = await start({ env: { RW_DHCP_MODE: mode } });
      (await client({})).send(discover(a, pxeOptions));
      await waitFor(() => region.events.length > 0, { what: 'the event' });
      expect(region.events).toMatchObject([
        { type: 'boot.refused', subject: `node/${a}`, data: { reason: 'boot-file-missing', architectures: [7] } },
      ]);
    }
  });

  it('D19 DECLINE raises the event lease.declined and quarantines the address (RFC 2131 section 4.3.3)', async () => {
    const segment = await start();
    const client = await segment.client({});
    const offer = await client.ask(discover(a));
    await client.ask(take(offer, a));
    client.send(
      message(a, MessageType.DHCPDECLINE, [
        [OptionCode.RequestedIpAddress, ipv4Option.encode(offer.yiaddr)],
        [OptionCode.ServerIdentifier, ipv4Option.encode(SERVER)],
      ]),
    );
    await waitFor(async () => (await segment.metric('rw_dhcp_leases{state="declined"}')) === 1, {
      what: 'the quarantine',
    });
    const types = async () =>
      (await segment.store.list('/os/outbox/dc1/')).entries.map(
        ({ value }) => (JSON.parse(value) as { type: string }).type,
      );
    await waitFor(async () => (await types()).includes('lease.declined'), { what: 'the event' });
    expect((await client.ask(discover(a))).yiaddr).not.toBe(offer.yiaddr);
  });
});
