import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { takenPorts } from './check-ports.js';
import { demoPorts, InvalidPort } from './demo-settings.js';

/** All ports at unusual places, so that the spec does not depend on what runs on this machine. */
function movedPorts(first: number): Record<string, string> {
  return Object.fromEntries(
    Object.values(demoPorts({})).map(({ variable }, index) => [variable, String(first + index)]),
  );
}

describe('the ports of the demonstration', () => {
  it('names the taken port and the setting that moves it', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const env = { ...movedPorts(17_000), RW_DEMO_NATS_PORT: String(port) };
    expect(await takenPorts(demoPorts(env))).toEqual([
      `tcp ${String(port)} (nats) is in use: stop what listens there, or set RW_DEMO_NATS_PORT to another port`,
    ]);
    server.close();
  });

  it('refuses one port for two servers', async () => {
    const env = { ...movedPorts(17_100), RW_DEMO_ETCD_PORT: '17199', RW_DEMO_NATS_PORT: '17199' };
    expect(await takenPorts(demoPorts(env))).toEqual([
      'tcp 17199 is given twice: by RW_DEMO_ETCD_PORT and RW_DEMO_NATS_PORT',
    ]);
  });

  it.each(['0', '70000', 'abc', '80.5'])('refuses %s as a port', (text) => {
    expect(() => demoPorts({ RW_DEMO_ETCD_PORT: text })).toThrow(InvalidPort);
  });
});
