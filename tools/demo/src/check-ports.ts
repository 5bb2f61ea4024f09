import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { DemoPort, DemoPorts } from './demo-settings.js';

const LOOPBACK = '127.0.0.1';

function isTcpFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once('error', () => {
    resolve(false);
  });
  server.listen(port, LOOPBACK, () => {
    server.close(() => {
      resolve(true);
    });
  });
  return promise;
}

function isUdpFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = createSocket('udp4');
  socket.once('error', () => {
    socket.close();
    resolve(false);
  });
  socket.bind(port, LOOPBACK, () => {
    socket.close(() => {
      resolve(true);
    });
  });
  return promise;
}

function isFree({ port, protocol }: DemoPort): Promise<boolean> {
  return protocol === 'tcp' ? isTcpFree(port) : isUdpFree(port);
}

/** One line for each port that cannot be had: which, and the setting that moves it. */
export async function takenPorts(ports: DemoPorts): Promise<readonly string[]> {
  const complaints: string[] = [];
  const seen = new Map<string, string>();
  for (const entry of Object.values(ports)) {
    const key = `${entry.protocol} ${String(entry.port)}`;
    const twice = seen.get(key);
    seen.set(key, entry.variable);
    if (twice !== undefined) complaints.push(`${key} is given twice: by ${twice} and ${entry.variable}`);
    else if (!(await isFree(entry))) {
      complaints.push(
        `${key} (${entry.name}) is in use: stop what listens there, or set ${entry.variable} to another port`,
      );
    }
  }
  return complaints;
}
