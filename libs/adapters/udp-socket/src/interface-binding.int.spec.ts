import { execFileSync } from 'node:child_process';
import { ANY_IPV4, BROADCAST_IPV4, type Ipv4 } from '@rackwright/kernel';
import type { DatagramSocket } from '@rackwright/contracts';
import { waitFor } from '@rackwright/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inNamespace } from './in-namespace.js';
import { NodeDatagramSockets } from './index.js';
import { linuxSockets } from './linux-socket.js';

const suffix = `${process.pid}`;
const server = `rw-srv-${suffix}`;
const machines = { a: `rw-a-${suffix}`, b: `rw-b-${suffix}` } as const;
const serverPort = 6767;
const clientPort = 6868;

const ip = (...words: string[]): void => {
  execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'inherit'] });
};

function heard(socket: DatagramSocket): string[] {
  const texts: string[] = [];
  socket.onDatagram((bytes, from) => texts.push(`${Buffer.from(bytes).toString()} from ${from.address}`));
  return texts;
}

const octets = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));

/** A server with an interface on each of two segments, and one machine on each. */
beforeAll(() => {
  ip('netns', 'add', server);
  for (const [segment, machine] of Object.entries(machines)) {
    ip('netns', 'add', machine);
    ip('link', 'add', `s${segment}`, 'netns', server, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', machine);
    ip('-n', server, 'address', 'add', `10.77.${segment === 'a' ? 1 : 2}.1/24`, 'dev', `s${segment}`);
    ip('-n', server, 'link', 'set', `s${segment}`, 'up');
    ip('-n', machine, 'link', 'set', 'eth0', 'up');
  }
});

afterAll(() => {
  for (const name of [server, ...Object.values(machines)]) ip('netns', 'delete', name);
});

describe('a socket bound to an interface', () => {
  const sockets = new NodeDatagramSockets();
  const openAt = (namespace: string, interfaceName: string, port: number): Promise<DatagramSocket> =>
    inNamespace(namespace, () => sockets.open({ address: ANY_IPV4, port, interfaceName, broadcast: true }));

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
