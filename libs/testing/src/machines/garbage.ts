import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Random } from '@rackwright/kernel';
import type { SimulatedRelay } from './simulated-relay.js';

export interface GarbageTargets {
  readonly relay: SimulatedRelay;
  readonly tftpPort: number;
  readonly random: Random;
}

const LENGTHS = [0, 1, 3, 43, 240, 300, 576, 1_400];

/** Sends datagrams of random octets of telling lengths to the DHCP and the TFTP port. */
export async function sendGarbage({ relay, tftpPort, random }: GarbageTargets): Promise<void> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  for (const length of LENGTHS) {
    const bytes = random.bytes(length);
    relay.sendRaw(bytes);
    await new Promise<void>((resolve) => {
      socket.send(bytes, tftpPort, '127.0.0.1', () => {
        resolve();
      });
    });
  }
  const closed = once(socket, 'close');
  socket.close();
  await closed;
}
