import { parseIpv4, type Ipv4 } from '@rackwright/kernel';
import { flag, integer, optionalSetting, parsed, port, setting, type ConfigOf } from '@rackwright/platform';
import type { dhcpSettings } from '../dhcp/dhcp-settings.js';

/** Settings of syslog; spread into the settings of the regional service. */
export const syslogSettings = {
  syslogEnabled: optionalSetting({
    key: 'syslog.enabled',
    type: flag(),
    aliases: ['SMEE_SYSLOG_ENABLED'],
    description: 'Take the syslog of machines into the log of their task. Default: when DHCP is on.',
  }),
  syslogAddress: optionalSetting<Ipv4>({
    key: 'syslog.address',
    type: parsed('an IPv4 address', parseIpv4),
    aliases: ['SMEE_SYSLOG_ADDR'],
    description: 'Address to take syslog on, by UDP and TCP. Default: boot.next_server.',
  }),
  syslogPort: setting({
    key: 'syslog.port',
    type: port(),
    default: 514,
    aliases: ['SMEE_SYSLOG_PORT'],
    description: 'Port of syslog, UDP and TCP. DHCP (option 7) tells machines of it only if it is 514.',
  }),
  syslogMaxConnections: setting({
    key: 'syslog.max_connections',
    type: integer(1, 65_536),
    default: 1_024,
    description: 'TCP connections at one time.',
  }),
};

/** The part of the configuration that syslog reads. */
export type SyslogConfig = ConfigOf<typeof syslogSettings> &
  Pick<ConfigOf<typeof dhcpSettings>, 'dhcpMode' | 'nextServer'>;

/** Whether syslog is taken. */
export function isSyslogOn({ syslogEnabled, dhcpMode }: SyslogConfig): boolean {
  return syslogEnabled ?? dhcpMode !== 'off';
}
