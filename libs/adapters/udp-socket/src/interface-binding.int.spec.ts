import { ANY_IPV4, BROADCAST_IPV4, type Ipv4 } from '@rackwright/kernel';
import type { DatagramSocket } from '@rackwright/contracts';
import { NetworkNamespace, waitFor } from '@rackwright/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inNamespace } from './in-namespace.js';
import { NodeDatagramSockets } from './index.js';
import { linuxSockets } from './linux-socket.js';

const stack = new AsyncDisposableStack();
const serverPort = 6767;
const clientPort = 6868;

let server: NetworkNamespace;
let machines: { readonly a: NetworkNamespace; readonly b: NetworkNamespace };

function heard(socket: DatagramSocket): string[] {
  const texts: string[] = [];
  socket.onDatagram((bytes, from) => texts.push(`${Buffer.from(bytes).toString()} from ${from.address}`));
  return texts;
}

const octets = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));

/** A server with an interface on each of two segments, and one machine on each. */
beforeAll(async () => {
  server = stack.use(await NetworkNamespace.create());
  machines = { a: stack.use(await NetworkNamespace.create()), b: stack.use(await NetworkNamespace.create()) };
  for (const segment of ['a', 'b'] as const) {
    const own = `s${segment}`;
    const machine = machines[segment];
    await server.ip('link', 'add', own, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', machine.name);
    await server.ip('address', 'add', `10.77.${segment === 'a' ? '1' : '2'}.1/24`, 'dev', own);
    await server.ip('link', 'set', own, 'up');
    await machine.ip('link', 'set', 'eth0', 'up');
    await Promise.all([server.waitForLink(own), machine.waitForLink('eth0')]);
  }
});
afterAll(() => stack.disposeAsync());

describe('a socket bound to an interface', () => {
  const sockets = new NodeDatagramSockets();
  const openAt = (namespace: NetworkNamespace, interfaceName: string, port: number): Promise<DatagramSocket> =>
    inNamespace(namespace.name, () => sockets.open({ address: ANY_IPV4, port, interfaceName, broadcast: true }));

  it('D9 hears only broadcasts of its interface, and its broadcasts leave there', async () => {
    await using onA = await openAt(server, 'sa', serverPort);
    await using onB = await openAt(server, 'sb', serverPort);
    await using machineA = await openAt(machines.a, 'eth0', clientPort);
    await using machineB = await openAt(machines.b, 'eth0', clientPort);
    const atServer = { a: heard(onA), b: heard(onB) };
    const atMachine = { a: heard(machineA), b: heard(machineB) };

    machineB.send(octets('discover b'), { address: BROADCAST_IPV4, port: serverPort });
    await waitFor(() => atServer.b.length > 0, { what: 'the broadcast of machine b' });
    machineA.send(octets('discover a'), { address: BROADCAST_IPV4, port: serverPort });
    await waitFor(() => atServer.a.length > 0, { what: 'the broadcast of machine a' });
    expect(atServer).toEqual({ a: ['discover a from 0.0.0.0'], b: ['discover b from 0.0.0.0'] });

    onB.send(octets('offer b'), { address: BROADCAST_IPV4, port: clientPort });
    await waitFor(() => atMachine.b.length > 0, { what: 'the reply to machine b' });
    onA.send(octets('offer a'), { address: BROADCAST_IPV4, port: clientPort });
    await waitFor(() => atMachine.a.length > 0, { what: 'the reply to machine a' });
    expect(atMachine).toEqual({ a: ['offer a from 10.77.1.1'], b: ['offer b from 10.77.2.1'] });
  });

  it('refuses the same port twice on one interface', async () => {
    await using first = await openAt(server, 'sa', serverPort);
    expect(first.local.port).toBe(serverPort);
    await expect(openAt(server, 'sa', serverPort)).rejects.toMatchObject({
      code: 'address-in-use',
      message: expect.stringContaining(`0.0.0.0:${serverPort}`) as string,
    });
  });
});

describe('a socket passed in by the supervisor', () => {
  it('is taken over by the binding it satisfies, and only once', async () => {
    const local = { address: '127.0.0.1' as Ipv4, port: 0 };
    const passed = linuxSockets().openBound(local, 'lo');
    if (typeof passed !== 'number') throw new Error(passed.code);
    const found = linuxSockets().describe(passed);
    if ('call' in found) throw new Error(found.code);
    expect(found.interfaceName).toBe('lo');

    const sockets = new NodeDatagramSockets({ inherited: [passed] });
    await using other = await sockets.open({ ...local });
    await using taken = await sockets.open({ ...found.local, interfaceName: 'lo' });
    expect(taken.local).toEqual(found.local);
    const texts = heard(taken);
    other.send(octets('hello'), taken.local);
    await waitFor(() => texts.length > 0, { what: 'a datagram through the passed socket' });
    await expect(sockets.open({ ...found.local, interfaceName: 'lo' })).rejects.toMatchObject({
      code: 'address-in-use',
    });
  });
});
