import type { DatagramSockets, StreamListeners } from '@rackwright/contracts';
import type { LeaseLookup } from '@rackwright/domain-netboot';
import type { Clock, Logger, Random } from '@rackwright/kernel';
import type { Metrics } from '@rackwright/platform';
import type { RegionView } from '../region-view/region-view.port.js';
import type { InstallLogSink } from '../reports/install-log.js';
import { MachineAddresses } from './machine-addresses.js';
import { SyslogIntake } from './syslog-intake.js';
import { SyslogMetrics } from './syslog-metrics.js';
import { SyslogReceiver } from './syslog-receiver.js';
import type { SyslogConfig } from './syslog-settings.js';

/** What syslog is built on. */
export interface SyslogParts {
  readonly config: SyslogConfig;
  readonly sockets: DatagramSockets;
  readonly streams?: StreamListeners;
  readonly view: RegionView;
  readonly leases: Pick<LeaseLookup, 'find'>;
  readonly installLog: InstallLogSink;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Builds the syslog receiver; nothing is opened before `start`. */
export function createSyslog(parts: SyslogParts): SyslogReceiver {
  const metrics: SyslogMetrics = new SyslogMetrics(parts.metrics, () => receiver.connections);
  const intake = new SyslogIntake({ ...parts, metrics, addresses: new MachineAddresses(parts) });
  const receiver: SyslogReceiver = new SyslogReceiver({ ...parts, metrics, intake });
  return receiver;
}
