import { expect, it } from 'vitest';
import { silentLogger } from '@rackwright/kernel';
import { freePort, launchNats, RealClock, SeededRandom, waitFor } from '@rackwright/testing';
import { NatsLink } from './nats-link.js';

it('offers every session to everybody, although one cannot take it up', async () => {
  const port = await freePort();
  await using link = new NatsLink({
    servers: [`127.0.0.1:${port}`],
    name: 'int-spec',
    logger: silentLogger,
    clock: new RealClock(),
    random: new SeededRandom(7),
  });
  let refused = 0;
  link.onSession(() => {
    refused += 1;
    throw new Error('closed connection');
  });
  let taken = 0;
  link.onSession(() => {
    taken += 1;
  });
  for (const sessions of [1, 2]) {
    await using server = await launchNats({ port });
    await waitFor(() => taken === sessions, { what: `session ${sessions} with process ${server.pid}` });
    expect(refused).toBe(sessions);
    expect(() =>
      link.onSession(() => {
        throw new Error('closed connection');
      })(),
    ).not.toThrow();
  }
});
