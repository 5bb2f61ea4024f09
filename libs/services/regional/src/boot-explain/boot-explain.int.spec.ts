import { afterEach, describe, expect, it } from 'vitest';
import { FileDocument, FileJournal } from '@rackwright/adapter-file-journal';
import { LiquidTemplates } from '@rackwright/adapter-liquid-templates';
import { MemoryStore } from '@rackwright/adapter-memory-store';
import { NodeDatagramSockets } from '@rackwright/adapter-udp-socket';
import type { BootExplanation } from '@rackwright/contracts';
import { parseMac, silentLogger, type Idc, type Mac } from '@rackwright/kernel';
import { systemClock } from '@rackwright/platform';
import { decodeDhcp, encodeDhcp, type DhcpPacket } from '@rackwright/protocol-dhcp4';
import { SimulatedRelay, waitFor } from '@rackwright/testing';
import { address, runBootPlane, type PlaneOptions, type RunningPlane } from '../boot-plane/boot-plane-fixture.js';

const closing: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of closing.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

const mac = parseMac('02:00:00:00:00:01') as Mac;
const giaddr = address('127.0.0.1');
const relay = { link_selection: address('10.77.0.1') };

async function run(options: PlaneOptions = {}): Promise<RunningPlane> {
  const running = await runBootPlane(
    {
      sockets: new NodeDatagramSockets(),
      templates: new LiquidTemplates(),
      store: new MemoryStore({ clock: systemClock }),
      openLog: (directory) => FileJournal.open({ directory, logger: silentLogger }),
      document: (path) => new FileDocument(path),
      addressesOf: (name) => (name === 'eth1' ? [address('10.77.0.2')] : []),
    },
    { bootFiles: ['ipxe.efi'], ...options },
  );
  closing.push(running);
  return running;
}

function packetOf(explanation: BootExplanation): DhcpPacket {
  const packet = decodeDhcp(Buffer.from(explanation.request?.packet.hex ?? '', 'hex'));
  if (!packet.ok) throw new Error(packet.fault.code);
  return packet.value;
}

const valueOf = (explanation: BootExplanation, name: string) => explanation.fields.find((field) => field.name === name);

/** What is kept of leases and offers. */
const addressesIn = ({ plane }: RunningPlane): unknown => {
  const { leases, offers_held } = plane.dhcpStatus();
  return { leases, offers_held };
};

describe('an explanation', () => {
  it('is the reply that the wire gives, value by value, with the origin of each', async () => {
    const running = await run();
    const explanation = running.plane.explainer.explain({ mac, arch: 7, giaddr, relay });
    expect(addressesIn(running)).toEqual({ leases: 0, offers_held: 0 });

    const wire = await SimulatedRelay.open({ serverPort: running.dhcpPort, linkAddress: address('10.77.0.1') });
    closing.push(wire);
    let reply: DhcpPacket | undefined;
    wire.plugIn(mac, (received) => {
      reply = received;
    });
    wire.send(packetOf(explanation));
    await waitFor(() => reply !== undefined, { what: 'the reply on the wire' });

    const explained = decodeDhcp(Buffer.from(explanation.reply?.hex ?? '', 'hex'));
    // The simulated relay writes an option 82 of its own, which the server echoes.
    const withoutRelay = ({ options, ...header }: DhcpPacket) => ({
      ...header,
      options: [...options].filter(([code]) => code !== 82).sort(([one], [other]) => one - other),
    });
    if (!explained.ok || reply === undefined) throw new Error('no packets');
    expect(withoutRelay(explained.value)).toEqual(withoutRelay(reply));
    expect(explanation).toMatchObject({
      idc: 'dc1',
      request: { type: 'discover', mac: '02:00:00:00:00:01', client: 'pxe', architectures: ['7'] },
      decision: { kind: 'reply', type: 'offer', reason: 'offer-pool', to: 'relay 127.0.0.1:67' },
      subnet: { name: 'lan', cidr: '10.77.0.0/16' },
      script: { script: 'wait', reason: 'machine-unknown' },
    });
    expect(explanation.decision.change).toMatch(/^hold 10\.77\.\S+ for 02:00:00:00:00:01 until /);
    expect(valueOf(explanation, 'yiaddr')).toMatchObject({ source: 'pool', origin: 'the pools of the subnet (lan)' });
    expect(valueOf(explanation, 'dns')).toMatchObject({ option: 6, value: '10.77.0.53', source: 'subnet' });
    expect(valueOf(explanation, 'bootFile')).toMatchObject({ value: 'ipxe.efi', source: 'table' });
    expect(explanation.reply?.options).toContainEqual({
      ...{ code: 53, name: 'dhcp message type', value: 'DHCPOFFER', hex: '02' },
    });
  });

  it('tells what each kind of client boots, and why one boots nothing', async () => {
    const { plane, region } = await run({ env: { RW_DHCP_MODE: 'reservation' } });
    const explain = (change: object) => plane.explainer.explain({ mac, giaddr, relay, ...change });
    expect(explain({}).decision).toEqual({ kind: 'silence', reason: 'unknown-machine' });
    region.reserve({ mac, ip: address('10.77.0.9'), allow_netboot: true });
    expect(valueOf(explain({}), 'yiaddr')).toMatchObject({ value: '10.77.0.9', source: 'reservation' });
    expect(valueOf(explain({ client: 'ipxe' }), 'bootFile')?.value).toMatch(/^http:.*boot\.ipxe$/);
    expect(valueOf(explain({ client: 'http' }), 'bootFile')?.value).toMatch(/^http:.*ipxe\.efi$/);
    expect(explain({ client: 'os' }).decision.boot_refusal).toBe('not-a-boot-client');
    expect(explain({ arch: 6 }).decision).toMatchObject({
      boot_refusal: 'boot-file-missing',
      missing_file: 'ipxe-i386.efi',
    });
    region.reserve({ mac, ip: address('10.77.0.9'), allow_netboot: false });
    const disabled = explain({});
    expect([disabled.decision.boot_refusal, disabled.script]).toEqual([
      'netboot-disabled',
      { script: 'local-boot', reason: 'netboot-disabled' },
    ]);
  });

  it('says of octets that are no DHCP message what the wire counts', async () => {
    const { plane } = await run();
    const short = plane.explainer.explain({ packet: '0101' });
    expect([short.decision, short.request]).toEqual([{ kind: 'silence', reason: 'packet-too-short' }, undefined]);
    expect(plane.explainer.explain({ packet: '00'.repeat(300) }).decision.reason).toBe('cookie-missing');
  });

  it('refuses another data centre and an interface that is not there', async () => {
    const { plane } = await run();
    const refusal = (change: object) => {
      try {
        return plane.explainer.explain({ mac, ...change });
      } catch (error) {
        return error;
      }
    };
    expect(refusal({ idc: 'dc2' as Idc })).toMatchObject({ code: 'invalid-request', errors: [{ pointer: '/idc' }] });
    expect(refusal({ interface: 'eth9' })).toMatchObject({ errors: [{ pointer: '/interface' }] });
    expect(refusal({ packet: '00' })).toMatchObject({ errors: [{ pointer: '/mac' }] });
    expect(refusal({ interface: 'eth1', giaddr, relay })).toMatchObject({ decision: { type: 'offer' } });
  });

  it('is refused while another instance serves', async () => {
    const { plane } = await run();
    await plane.stop();
    expect(() => plane.explainer.explain({ mac })).toThrow('Another instance');
  });
});

describe('a replay', () => {
  it('takes the packets as one conversation and changes nothing', async () => {
    const running = await run();
    const { explainer } = running.plane;
    const discover = explainer.explain({ mac, giaddr, relay });
    const offered = address(valueOf(discover, 'yiaddr')?.value ?? '');
    const server_id = address(valueOf(discover, 'serverId')?.value ?? '');
    const request = explainer.explain({ mac, giaddr, relay, type: 'request', requested_ip: offered, server_id });
    expect(request.decision.reason).toBe('nak-address-not-offered');
    const other = packetOf(discover);
    const stranger = encodeDhcp({ ...other, chaddr: other.chaddr.map((octet, at) => (at === 5 ? 9 : octet)) });
    const packets = [discover, request].map(({ request: asked }) => ({ packet: asked?.packet.hex ?? '' }));
    const { explanations } = explainer.replay({
      packets: [...packets, { packet: Buffer.from(stranger).toString('hex') }, { packet: '00' }],
    });
    expect(explanations.map(({ decision }) => decision.reason)).toEqual([
      'offer-pool',
      'ack-offer',
      'offer-pool',
      'packet-too-short',
    ]);
    expect(explanations.map((each) => valueOf(each, 'yiaddr')?.value === offered)).toEqual([true, true, false, false]);
    expect(addressesIn(running)).toEqual({ leases: 0, offers_held: 0 });
  });
});
