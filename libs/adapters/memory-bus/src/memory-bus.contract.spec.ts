import { silentLogger } from '@rackwright/kernel';
import { messageBusConformance, RealClock, SeededRandom, type MessageBusHarness } from '@rackwright/testing';
import { MemoryBus } from './memory-bus.js';

messageBusConformance('MemoryBus', () => {
  const root = new MemoryBus({ clock: new RealClock(), random: new SeededRandom(1), logger: silentLogger });
  const connections: MemoryBus[] = [];
  const harness: MessageBusHarness = {
    connect: () => {
      const bus = root.peer();
      connections.push(bus);
      return Promise.resolve(bus);
    },
    outages: [
      {
        name: 'a link cut',
        begin: async () => {
          await Promise.resolve();
          for (const bus of connections) bus.cut();
        },
        end: async () => {
          await Promise.resolve();
          for (const bus of connections) bus.heal();
        },
      },
    ],
    wipe: async () => {
      await Promise.resolve();
      root.wipe();
    },
    requestRaw: async (subject, octets) => {
      const reply = await root.requestRaw(subject, octets);
      if (reply === undefined) throw new Error(`nobody serves ${subject}`);
      return reply;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(connections.map((bus) => bus[Symbol.asyncDispose]()));
    },
  };
  return Promise.resolve(harness);
});
