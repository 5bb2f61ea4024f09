import { describe, expect, it } from 'vitest';
import type { DatagramHandler, DatagramSockets, Endpoint } from '@rackwright/contracts';
import { OperationalError, silentLogger, type Ipv4 } from '@rackwright/kernel';
import { Metrics } from '@rackwright/platform';
import { ManualClock, SeededRandom } from '@rackwright/testing';
import { idc } from '../region-rig.spec.js';
import { RegionState } from '../region-view/region-state.js';
import { createSyslog } from './create-syslog.js';
import type { SyslogConfig } from './syslog-settings.js';

const nextServer = '10.0.0.1' as Ipv4;
const usual: SyslogConfig = {
  syslogEnabled: undefined,
  syslogAddress: undefined,
  syslogPort: 514,
  syslogMaxConnections: 10,
  dhcpMode: 'server',
  nextServer,
};

/** A host that has every address, and whose port can be taken by somebody else. */
class Host implements DatagramSockets {
  readonly opened: Endpoint[] = [];
  isTaken = false;
  handler: DatagramHandler | undefined;

  async open(local: Endpoint) {
    if (this.isTaken) throw new OperationalError('in use', { code: 'address-in-use', retryable: true });
    this.opened.push(local);
    return {
      local,
      onDatagram: (handler: DatagramHandler) => {
        this.handler = handler;
      },
      send: () => undefined,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
}

function setUp(change: Partial<SyslogConfig> = {}) {
  const [clock, host] = [new ManualClock(), new Host()];
  const receiver = createSyslog({
    config: { ...usual, ...change },
    ...{ sockets: host, clock, random: new SeededRandom(1), logger: silentLogger },
    view: new RegionState(idc, silentLogger),
    leases: { find: () => undefined },
    installLog: { take: async () => true },
    metrics: new Metrics({ processMetrics: false }),
  });
  return { receiver, host, clock };
}

describe('SyslogReceiver', () => {
  it.each([
    ['on with DHCP, at boot.next_server', {}, nextServer],
    ['at an address of its own', { syslogAddress: '10.0.0.2' as Ipv4 }, '10.0.0.2'],
    ['on any address', { syslogAddress: '0.0.0.0' as Ipv4 }, nextServer],
  ] as const)('%s, machines are told where', async (_, change, told) => {
    const { receiver } = setUp(change);
    expect(receiver.logServer).toBeUndefined();
    await receiver.start();
    expect(receiver.logServer).toBe(told);
    expect(receiver.target).toEqual({ address: told, port: 514 });
    await receiver.stop();
    expect(receiver.logServer).toBeUndefined();
  });

  it('tells DHCP clients nothing that they could not reach, but installers, which take a port', async () => {
    const other = setUp({ syslogPort: 1_514 });
    await other.receiver.start();
    expect([other.receiver.logServer, other.receiver.target]).toEqual([
      undefined,
      { address: nextServer, port: 1_514 },
    ]);
    const loopback = setUp({ nextServer: '127.0.0.1' as Ipv4 });
    await loopback.receiver.start();
    expect(loopback.receiver.logServer).toBeUndefined();
  });

  it('is off when DHCP is, unless it is switched on, and off when it is switched off', async () => {
    const opened = async (change: Partial<SyslogConfig>): Promise<number> => {
      const { receiver, host } = setUp(change);
      await receiver.start();
      return host.opened.length;
    };
    expect(await opened({ dhcpMode: 'off' })).toBe(0);
    expect(await opened({ dhcpMode: 'off', syslogEnabled: true })).toBe(1);
    expect(await opened({ syslogEnabled: false })).toBe(0);
  });

  it('tries again while its port is taken, until it is stopped', async () => {
    const { receiver, host, clock } = setUp();
    host.isTaken = true;
    await receiver.start();
    expect(receiver.status()).toEqual({ status: 'stopped', connections: 0 });
    host.isTaken = false;
    await clock.advanceSettling(60_000);
    expect(receiver.status()).toMatchObject({ status: 'running', address: '10.0.0.1:514' });
    await receiver.stop();
    host.isTaken = true;
    await receiver.start();
    await receiver.stop();
    host.isTaken = false;
    await clock.advanceSettling(600_000);
    expect(host.opened).toHaveLength(1);
  });
});
