import { parseIpv4, type Ipv4 } from '@rackwright/kernel';
import { flag, integer, parsed, port, setting } from '@rackwright/platform';

/** Settings of TFTP; spread into the settings of the regional service. */
export const tftpSettings = {
  tftpEnabled: setting({
    key: 'tftp.enabled',
    type: flag(),
    default: true,
    aliases: ['SMEE_TFTP_ENABLED'],
    description: 'Serve boot files by TFTP.',
  }),
  tftpAddress: setting<Ipv4>({
    key: 'tftp.address',
    type: parsed('an IPv4 address', parseIpv4),
    default: '127.0.0.1' as Ipv4,
    aliases: ['SMEE_TFTP_ADDR'],
    description:
      'Address to serve TFTP on. With 0.0.0.0 answers come from the address the system prefers towards the client: name ' +
      'the address where there are several on one interface.',
  }),
  tftpPort: setting({
    key: 'tftp.port',
    type: port(),
    default: 69,
    aliases: ['SMEE_TFTP_PORT'],
    description: 'UDP port of TFTP.',
  }),
  tftpSinglePort: setting({
    key: 'tftp.single_port',
    type: flag(),
    default: false,
    description:
      'Answer every transfer from the request port, for clients behind firewalls or NAT that know only that port. Transfers then run in the main thread.',
  }),
  tftpThreads: setting({
    key: 'tftp.threads',
    type: integer(0, 16),
    default: 1,
    description: 'Threads for sending files; 0 sends them from the main thread.',
  }),
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
  tftpMaxBlockSize: setting({
    key: 'tftp.max_block_size',
    type: integer(512, 65_464),
    default: 65_464,
    description:
      'Largest block granted, in octets. Blocks above 1468 are fragmented on Ethernet, which some switches and firewalls drop.',
  }),
  tftpBlockRollover: setting({
    key: 'tftp.block_rollover',
    type: integer(0, 1),
    default: 0,
    description: 'The block number after 65535: 0 as most clients expect, or 1.',
  }),
};
