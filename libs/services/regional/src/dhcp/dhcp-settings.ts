import { bootpPolicies, dhcpModes, directOption82Policies } from '@rackwright/domain-netboot';
import { ANY_IPV4, cidrContains, networkOf, parseCidr, parseIpv4, type Cidr, type Ipv4 } from '@rackwright/kernel';
import {
  choice,
  duration,
  flag,
  integer,
  list,
  optionalSetting,
  parsed,
  port,
  setting,
  text,
  type ConfigMistake,
  type ConfigOf,
} from '@rackwright/platform';

const LOOPBACK = '127.0.0.1' as Ipv4;
const LOOPBACK_NETWORK = '127.0.0.0/8' as Cidr;
const ipv4 = () => parsed('an IPv4 address', parseIpv4);

/** A relay or a network of relays. */
function parseRelay(value: string): Cidr | undefined {
  return parseCidr(value.includes('/') ? value : `${value}/32`);
}

const BOOT_FILE = /^\d{1,5}=[A-Za-z0-9][A-Za-z0-9._/{}-]{0,200}$/;

/** Settings of DHCP; spread into the settings of the regional service. */
export const dhcpSettings = {
  dhcpMode: setting({
    key: 'dhcp.mode',
    type: choice(...dhcpModes),
    default: 'off' as const,
    description:
      'server gives addresses of pools and reservations, reservation of reservations only; proxy tells machines it ' +
      'knows what to boot and leaves addresses to another server, auto-proxy tells every machine; off is silent.',
  }),
  dhcpAddress: setting<Ipv4>({
    key: 'dhcp.address',
    type: ipv4(),
    default: LOOPBACK,
    description: 'Address to receive relayed requests on. With dhcp.interface every address of that interface.',
  }),
  dhcpPort: setting({ key: 'dhcp.port', type: port(), default: 67, description: 'UDP port of DHCP.' }),
  dhcpPxePort: setting({
    key: 'dhcp.pxe_port',
    type: port(),
    default: 4011,
    description: 'UDP port of the PXE boot server, next to that of DHCP in every mode but off.',
  }),
  dhcpInterface: optionalSetting({
    key: 'dhcp.interface',
    type: text('the name of a network interface'),
    aliases: ['NF_DHCP_INTERFACE', 'SMEE_DHCP_IFACE'],
    description: 'Interface on which machines are answered directly. Nothing leaves by any other.',
  }),
  dhcpRelays: setting<readonly Cidr[]>({
    key: 'dhcp.relays',
    type: list(parsed('an IPv4 address or network', parseRelay)),
    default: [],
    description: 'Relay agents that are answered. Empty with dhcp.interface: every relay whose subnet is configured.',
  }),
  dhcpDryRun: setting({
    key: 'dhcp.dry_run',
    type: flag(),
    default: false,
    description: 'Log what would be sent and send nothing.',
  }),
  dhcpUnicast: setting({
    key: 'dhcp.unicast',
    type: choice('auto', 'off'),
    default: 'auto' as const,
    description:
      'auto answers a machine that takes it with a frame to its network card alone, which needs CAP_NET_RAW; without ' +
      'it, or with off, such a reply is broadcast.',
  }),
  dhcpBootp: setting({
    key: 'dhcp.bootp',
    type: choice(...bootpPolicies),
    default: 'off' as const,
    description: 'What a BOOTP client (no option 53) gets: nothing, or the address of its reservation.',
  }),
  dhcpDirectOption82: setting({
    key: 'dhcp.direct_option_82',
    type: choice(...directOption82Policies),
    default: 'drop' as const,
    description: 'What becomes of relay information that came without a relay; trust it where your switches add it.',
  }),
  dhcpRateLimit: setting({
    key: 'dhcp.rate_limit',
    type: integer(1, 100_000),
    default: 5,
    description: 'Messages per second that are looked at from one MAC, on average.',
  }),
  dhcpRateBurst: setting({
    key: 'dhcp.rate_burst',
    type: integer(1, 100_000),
    default: 30,
    description: 'Messages from one MAC that are looked at at once.',
  }),
  dhcpQueueLimit: setting({
    key: 'dhcp.queue_limit',
    type: integer(1, 1_000_000),
    default: 4_096,
    description:
      'Messages that may wait for the disk or a probe; what comes on top is dropped, and machines ask again.',
  }),
  probeMs: setting({
    key: 'dhcp.probe_time',
    type: duration(),
    default: 0,
    description:
      'How long to wait for an answer to an ICMP echo before an address of a pool is offered for the first time; 0ms ' +
      'asks nobody. Needs CAP_NET_RAW or net.ipv4.ping_group_range.',
  }),
  offerMs: setting({
    key: 'dhcp.offer_time',
    type: duration(),
    env: 'RW_OFFER_TIME',
    default: 60_000,
    description: 'How long an offered address is kept for the machine it was offered to.',
  }),
  declineMs: setting({
    key: 'dhcp.decline_time',
    type: duration(),
    env: 'RW_DECLINE_TIME',
    default: 3_600_000,
    description: 'How long an address that a machine found in use is given to nobody.',
  }),
  nextServer: setting<Ipv4>({
    key: 'boot.next_server',
    type: ipv4(),
    env: 'RW_NEXT_SERVER',
    aliases: ['NF_DHCP_TFTP_SERVER', 'SMEE_DHCP_TFTP_IP'],
    default: LOOPBACK,
    description:
      'Address at which machines reach TFTP, unless their subnet names another; our server identifier. Unset, that of dhcp.interface.',
  }),
  bootFiles: setting<readonly string[]>({
    key: 'boot.files',
    type: list(parsed('code=file, e.g. 7=snponly.efi', (value) => (BOOT_FILE.test(value) ? value : undefined))),
    default: [],
    description: 'Boot files by architecture code (option 93) over the built-in table; {mac} stands for the MAC.',
  }),
};

/** The part of the configuration that DHCP reads. */
export type DhcpConfig = ConfigOf<typeof dhcpSettings>;

/** What is wrong with the DHCP settings together: a DHCP server on the wrong network is an outage. */
export function checkDhcpSettings(config: DhcpConfig): readonly ConfigMistake[] {
  const { dhcpMode, dhcpInterface, dhcpRelays } = config;
  if (dhcpMode === 'off' || dhcpInterface !== undefined) return [];
  if (dhcpRelays.length > 0) return unreachableFrom(dhcpRelays, config);
  const detail =
    `the ${dhcpMode} mode answers only where it is told to: name the interface the machines are on (RW_DHCP_INTERFACE) ` +
    'or the relays that may ask (RW_DHCP_RELAYS)';
  return [{ where: 'RW_DHCP_INTERFACE', detail }];
}

const isLoopback = (ip: Ipv4): boolean => cidrContains(LOOPBACK_NETWORK, ip);

/** Addresses of ours that relays elsewhere, and the machines behind them, cannot use. */
function unreachableFrom(relays: readonly Cidr[], config: DhcpConfig): readonly ConfigMistake[] {
  if (relays.every((relay) => isLoopback(networkOf(relay)))) return [];
  return [
    { where: 'RW_DHCP_ADDRESS', ip: config.dhcpAddress, use: 'relays send their requests to' },
    { where: 'RW_NEXT_SERVER', ip: config.nextServer, use: 'machines behind relays boot from and renew at' },
  ]
    .filter(({ ip }) => isLoopback(ip))
    .map(({ where, ip, use }) => ({ where, detail: `${ip} is reached by nobody else: name the address that ${use}` }));
}

/** Boot files by architecture code. */
export function bootFilesOf(config: Pick<DhcpConfig, 'bootFiles'>): Readonly<Record<string, string>> {
  return Object.fromEntries(config.bootFiles.map((entry) => entry.split('=', 2)) as [string, string][]);
}

/** Where the DHCP socket is bound. */
export function listenAddress(config: DhcpConfig): Ipv4 {
  return config.dhcpInterface === undefined ? config.dhcpAddress : ANY_IPV4;
}
