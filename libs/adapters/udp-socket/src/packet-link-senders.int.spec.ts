import { ANY_IPV4, macToBytes, OperationalError, parseMac, type Ipv4, type Mac } from '@rackwright/kernel';
import type { LinkDatagram, LinkSender } from '@rackwright/contracts';
import { launchProcess, NetworkNamespace, PacketCapture, typescriptArguments, waitFor } from '@rackwright/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inNamespace } from './in-namespace.js';
import { NodeDatagramSockets, PacketLinkSenders } from './index.js';
import { encodeIpv4Datagram } from './ipv4-datagram.js';

const stack = new AsyncDisposableStack();
const mac = (text: string): Mac => {
  const parsed = parseMac(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
};
const serverCards = { sa: mac('02:00:00:00:0a:01'), sb: mac('02:00:00:00:0b:01') };
const machineCards = { a: mac('02:00:00:00:0a:02'), b: mac('02:00:00:00:0b:02') };
const offered = '10.77.1.50' as Ipv4;
const CLIENT_PORT = 68;

let server: NetworkNamespace;
let machines: { readonly a: NetworkNamespace; readonly b: NetworkNamespace };

/** A server with an interface on each of two segments, and on each a machine that has no address. */
beforeAll(async () => {
  server = stack.use(await NetworkNamespace.create());
  machines = { a: stack.use(await NetworkNamespace.create()), b: stack.use(await NetworkNamespace.create()) };
  for (const segment of ['a', 'b'] as const) {
    const own = `s${segment}` as const;
    const machine = machines[segment];
    await server.ip('link', 'add', own, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', machine.name);
    await server.ip('link', 'set', own, 'address', serverCards[own].replace(/(..)(?!$)/g, '$1:'), 'up');
    await server.ip('address', 'add', `10.77.${segment === 'a' ? '1' : '2'}.1/24`, 'dev', own);
    await machine.ip('link', 'set', 'eth0', 'address', machineCards[segment].replace(/(..)(?!$)/g, '$1:'), 'up');
    await Promise.all([server.waitForLink(own), machine.waitForLink('eth0')]);
  }
});
afterAll(() => stack.disposeAsync());

const offer = (bytes: Uint8Array, to: Mac): LinkDatagram => ({
  bytes,
  from: { address: '10.77.1.1' as Ipv4, port: 67 },
  to: { address: offered, port: CLIENT_PORT },
  mac: to,
});

function openSender(interfaceName: string): LinkSender {
  return inNamespace(server.name, () => new PacketLinkSenders().open(interfaceName));
}

function refusal(attempt: () => unknown): { readonly code: string; readonly message: string } {
  try {
    attempt();
  } catch (error) {
    if (error instanceof OperationalError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('it worked');
}

const capture = (namespace: NetworkNamespace, interfaceName: string): Promise<PacketCapture> =>
  PacketCapture.start({ networkNamespace: namespace.name, interfaceName, direction: 'in', filter: 'udp or arp' });

describe('frames to one network card', () => {
  it('D8 carry the datagram to chaddr and yiaddr, without ARP (RFC 2131 section 4.1)', async () => {
    await using atMachine = await capture(machines.a, 'eth0');
    using sender = openSender('sa');
    const datagram = offer(Buffer.from('offer'), machineCards.a);
    sender.send(datagram);
    expect(await atMachine.waitForFrames(1, 'the frame')).toEqual([
      Buffer.concat([
        macToBytes(machineCards.a),
        macToBytes(serverCards.sa),
        Buffer.of(0x08, 0x00),
        encodeIpv4Datagram(datagram),
      ]),
    ]);
    const reading = await atMachine.describe();
    expect(reading).toContain('10.77.1.1.67 > 10.77.1.50.68: [udp sum ok]');
    expect(reading).not.toContain('bad cksum');
  });

  it('D8 reach a socket of the machine once it has taken the address', async () => {
    await machines.a.ip('address', 'add', `${offered}/24`, 'dev', 'eth0');
    const sockets = new NodeDatagramSockets();
    const binding = { address: ANY_IPV4, port: CLIENT_PORT, interfaceName: 'eth0' };
    await using client = await inNamespace(machines.a.name, () => sockets.open(binding));
    const heard: string[] = [];
    client.onDatagram((bytes, from) =>
      heard.push(`${Buffer.from(bytes).toString()} from ${from.address}:${from.port}`),
    );
    using sender = openSender('sa');
    sender.send(offer(Buffer.from('ack'), machineCards.a));
    await waitFor(() => heard.length > 0, { what: 'the datagram' });
    expect(heard).toEqual(['ack from 10.77.1.1:67']);
    await machines.a.ip('address', 'flush', 'dev', 'eth0');
  });

  it('D9 leave by the interface of the sender and by no other', async () => {
    await using atA = await capture(machines.a, 'eth0');
    await using atB = await capture(machines.b, 'eth0');
    using onA = openSender('sa');
    using onB = openSender('sb');
    // The address is of segment a: what the routing table says does not matter.
    onB.send(offer(Buffer.from('for b'), machineCards.b));
    await atB.waitForFrames(1, 'the frame for b');
    onA.send(offer(Buffer.from('for a'), machineCards.a));
    const contents = async (at: PacketCapture): Promise<string[]> =>
      (await at.waitForFrames(1, 'a frame')).map((frame) => Buffer.from(frame.subarray(42)).toString());
    expect([await contents(atA), await contents(atB)]).toEqual([['for a'], ['for b']]);
  });

  it('fill the MTU and are refused beyond it, never cut', async () => {
    await using atMachine = await capture(machines.a, 'eth0');
    using sender = openSender('sa');
    const longest = 1500 - 28;
    const tooLong = refusal(() => sender.send(offer(new Uint8Array(longest + 1), machineCards.a)));
    expect(tooLong).toMatchObject({ code: 'interface-unusable', message: expect.stringContaining('MTU') as string });
    expect(refusal(() => sender.send(offer(new Uint8Array(65_508), machineCards.a)))).toEqual(tooLong);
    sender.send(offer(new Uint8Array(longest), machineCards.a));
    const frames = await atMachine.waitForFrames(1, 'the long frame');
    expect(frames.map(({ length }) => length)).toEqual([1514]);
  });
});

describe('a sender of frames', () => {
  it('refuses what is no Ethernet interface, naming it', () => {
    expect(refusal(() => openSender('no-such-if'))).toEqual({
      code: 'interface-unusable',
      message: 'cannot send a frame on no-such-if: there is no such interface',
    });
    expect(refusal(() => openSender('lo'))).toEqual({
      code: 'interface-unusable',
      message: 'cannot send a frame on lo: it is not Ethernet',
    });
  });

  it('refuses while the interface is down and works again when it is up, even made anew', async () => {
    const makeSegment = async (): Promise<void> => {
      await server.ip('link', 'add', 'sc', 'type', 'veth', 'peer', 'name', 'eth1', 'netns', machines.b.name);
      await machines.b.ip('link', 'set', 'eth1', 'address', '02:00:00:00:0c:02', 'up');
    };
    const datagram = offer(Buffer.from('offer'), mac('02:00:00:00:0c:02'));
    await makeSegment();
    using sender = openSender('sc');
    expect(refusal(() => sender.send(datagram)).message).toContain('it is down');
    await server.ip('link', 'delete', 'sc');
    expect(refusal(() => sender.send(datagram)).message).toContain('there is no such interface');
    await makeSegment();
    await server.ip('link', 'set', 'sc', 'up');
    await server.waitForLink('sc');
    await using atMachine = await capture(machines.b, 'eth1');
    inNamespace(server.name, () => sender.send(datagram));
    await atMachine.waitForFrames(1, 'the frame on the new interface');
  });

  it('refuses after its end, which may come twice', () => {
    const sender = openSender('sa');
    sender[Symbol.dispose]();
    sender[Symbol.dispose]();
    expect(refusal(() => sender.send(offer(Buffer.from('offer'), machineCards.a))).message).toContain('closed');
  });

  it('refuses without CAP_NET_RAW and says so', async () => {
    const module = new URL('./packet-link-senders.ts', import.meta.url).href;
    const text = `
      import { PacketLinkSenders } from ${JSON.stringify(module)};
      try { new PacketLinkSenders().open('sa') } catch ({ code, message }) { console.log(code + ': ' + message) }`;
    await using child = await launchProcess({
      command: 'setpriv',
      args: ['--bounding-set', '-net_raw', process.execPath, ...typescriptArguments(text)],
      networkNamespace: server.name,
      installHint: 'apt-get install util-linux',
    });
    await child.exited;
    expect(child.output()).toContain('permission-denied: no permission to send frames on sa: grant CAP_NET_RAW');
  });
});
