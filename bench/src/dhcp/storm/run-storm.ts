import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { parseIpv4, parseMac, type Ipv4 } from '@rackwright/kernel';
import { decodeDhcp, DhcpPort, messageTypeOf } from '@rackwright/protocol-dhcp4';
import { BootClient, type BootWorld } from './boot-client.js';

/** How many machines are switched on, and within what time. */
export interface StormPlan {
  readonly machines: number;
  readonly withinMs: number;
  readonly relay: string;
  readonly server: string;
}

/** What became of them. */
export interface StormReport {
  readonly booted: number;
  readonly lost: number;
  readonly retransmissions: number;
  /** From each answered transmission to its answer, in milliseconds. */
  readonly latenciesMs: readonly number[];
}

const RECEIVE_BUFFER_BYTES = 4_194_304;

/** Switches machines on at random moments and follows each until it has booted or given up. */
export async function runStorm(plan: StormPlan): Promise<StormReport> {
  const relay = address(plan.relay);
  const server = address(plan.server);
  const socket = createSocket({
    type: 'udp4',
    recvBufferSize: RECEIVE_BUFFER_BYTES,
    lookup: (name, _options, done) => {
      done(null, name, 4);
    },
  });
  // With a literal address it listens before bind() returns.
  const listening = once(socket, 'listening');
  socket.bind(DhcpPort.server, relay);
  await listening;
  const clients = new Map<number, BootClient>();
  const report = { booted: 0, lost: 0, retransmissions: 0, latenciesMs: [] as number[] };
  socket.on('message', (bytes) => {
    const packet = decodeDhcp(bytes);
    if (packet.ok) clients.get(packet.value.xid)?.receive(messageTypeOf(packet.value), packet.value);
  });
  await new Promise<void>((resolve) => {
    const world: BootWorld = {
      relay,
      nowMs: () => performance.now(),
      random: () => Math.random(),
      later: (delayMs, task) => {
        const timer = setTimeout(task, delayMs);
        return () => {
          clearTimeout(timer);
        };
      },
      send: (bytes) => {
        socket.send(bytes, DhcpPort.server, server);
      },
      onReply: (latencyMs) => report.latenciesMs.push(latencyMs),
      onRetransmit: () => {
        report.retransmissions += 1;
      },
      onEnd: (isBooted) => {
        if (isBooted) report.booted += 1;
        else report.lost += 1;
        if (report.booted + report.lost === plan.machines) resolve();
      },
    };
    for (let number = 1; number <= plan.machines; number += 1) {
      const client = new BootClient(macOf(number), world);
      clients.set(number, client);
      setTimeout(() => {
        client.powerOn(number);
      }, Math.random() * plan.withinMs);
    }
  });
  socket.close();
  return report;
}

function address(text: string): Ipv4 {
  const parsed = parseIpv4(text);
  if (parsed === undefined) throw new RangeError(`${text} is no address`);
  return parsed;
}

function macOf(number: number): NonNullable<ReturnType<typeof parseMac>> {
  const mac = parseMac(`02${number.toString(16).padStart(10, '0')}`);
  if (mac === undefined) throw new RangeError(`no machine ${String(number)}`);
  return mac;
}
