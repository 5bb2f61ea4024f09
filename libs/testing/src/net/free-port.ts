import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer, type ListenOptions, type Server } from 'node:net';

const LOWEST_PORT = 20_000;
const HIGHEST_PORT = 65_535;
const MAX_ATTEMPTS = 200;

/** Ports handed out: they stay taken for this process as long as it lives. */
const reservations: Server[] = [];

/**
 * A port of TCP and UDP that nobody uses at the moment of the call and that no other call gives, in this process or in
 * any other of the same network, while this process lives. It lies outside the range from which the kernel serves
 * outgoing connections and port 0: none of those takes the port of a server that is about to start or to come back, and
 * a client that tries again and again never meets itself there.
 */
export async function freePort(): Promise<number> {
  const [lowest, highest] = ephemeralRange();
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const port = randomInt(LOWEST_PORT, HIGHEST_PORT + 1);
    const isEphemeral = port >= lowest && port <= highest;
    if (!isEphemeral && (await reserve(port))) return port;
  }
  throw new Error(`no free port between ${LOWEST_PORT} and ${HIGHEST_PORT} in ${MAX_ATTEMPTS} attempts`);
}

function ephemeralRange(): readonly [number, number] {
  const text = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8');
  const [lowest = 0, highest = 0] = text.trim().split(/\s+/).map(Number);
  return [lowest, highest];
}

async function reserve(port: number): Promise<boolean> {
  // An abstract name belongs to the network namespace, as ports do, and vanishes with its process, however that ends.
  const reservation = await listen({ path: `\0rackwright-port-${port}` });
  if (reservation === undefined) return false;
  reservations.push(reservation.unref());
  return (await isFreeForTcp(port)) && (await isFreeForUdp(port));
}

async function isFreeForTcp(port: number): Promise<boolean> {
  const probe = await listen({ port, host: '0.0.0.0', exclusive: true });
  if (probe === undefined) return false;
  await new Promise((resolve) => probe.close(resolve));
  return true;
}

function isFreeForUdp(port: number): Promise<boolean> {
  const probe = createSocket('udp4');
  return new Promise((resolve) => {
    probe.once('error', () => {
      probe.close();
      resolve(false);
    });
    probe.bind({ port, exclusive: true }, () => {
      probe.close(() => {
        resolve(true);
      });
    });
  });
}

function listen(options: ListenOptions): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(undefined);
    });
    server.listen(options, () => {
      resolve(server);
    });
  });
}
