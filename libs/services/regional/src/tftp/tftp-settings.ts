import { parseIpv4, type Ipv4 } from '@rackwright/kernel';
import { flag, integer, parsed, port, setting } from '@rackwright/platform';

/** Settings of TFTP; spread into the settings of the regional service. */
export const tftpSettings = {
  tftpEnabled: setting({ key: 'tftp.enabled', type: flag(), default: true, description: 'Serve boot files by TFTP.' }),
  tftpAddress: setting<Ipv4>({
    key: 'tftp.address',
    type: parsed('an IPv4 address', parseIpv4),
    default: '127.0.0.1' as Ipv4,
    description: 'Address to serve TFTP on.',
  }),
  tftpPort: setting({ key: 'tftp.port', type: port(), default: 69, description: 'UDP port of TFTP.' }),
  tftpMaxSessions: setting({
    key: 'tftp.max_sessions',
    type: integer(1, 20_000),
    default: 1_000,
    description: 'Transfers at one time.',
  }),
  tftpMaxSessionsPerClient: setting({
    key: 'tftp.max_sessions_per_client',
    type: integer(1, 20_000),
    default: 64,
    description: 'Transfers at one time to one address. A relay or NAT shows many machines under one.',
  }),
};
