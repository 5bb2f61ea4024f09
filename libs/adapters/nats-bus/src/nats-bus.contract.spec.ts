import { connect } from '@nats-io/transport-node';
import { silentLogger } from '@rackwright/kernel';
import {
  launchNats,
  messageBusConformance,
  RealClock,
  SeededRandom,
  TcpProxy,
  type BusOutage,
  type MessageBusHarness,
  type NatsServer,
} from '@rackwright/testing';
import { NatsBus } from './nats-bus.js';

/** Outages are noticed at once; a busy server gets all the time it needs. */
const PATIENT_MS = 20_000;

function outagesOf(server: NatsServer, proxy: TcpProxy): readonly BusOutage[] {
  const cut = async (): Promise<void> => {
    await Promise.resolve();
    proxy.cut();
  };
  const heal = async (): Promise<void> => {
    await Promise.resolve();
    proxy.heal();
  };
  return [
    { name: 'a link cut', begin: cut, end: heal },
    { name: 'a killed server', begin: () => server.kill9(), end: () => server.restart() },
  ];
}

messageBusConformance('NatsBus', async () => {
  const server = await launchNats();
  const proxy = await TcpProxy.start({ port: server.port });
  const connections: NatsBus[] = [];
  const harness: MessageBusHarness = {
    connect: async () => {
      const bus = await NatsBus.connect({
        servers: [`127.0.0.1:${proxy.port}`],
        name: 'conformance',
        logger: silentLogger,
        clock: new RealClock(),
        random: new SeededRandom(connections.length + 1),
        timeoutMs: PATIENT_MS,
      });
      connections.push(bus);
      return bus;
    },
    outages: outagesOf(server, proxy),
    wipe: () => server.restart({ isEmptied: true }),
    requestRaw: async (subject, octets) => {
      const connection = await connect({ servers: [server.url] });
      try {
        const reply = await connection.request(subject, octets, { timeout: PATIENT_MS });
        return { outcome: reply.headers?.get('Rw-Outcome') === 'problem' ? 'problem' : 'reply', body: reply.string() };
      } finally {
        await connection.close();
      }
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(connections.map((bus) => bus[Symbol.asyncDispose]()));
      await proxy[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
  return harness;
});
