import { duration, integer, list, parsed, parseProxy, setting, text } from '@rackwright/platform';

/** Settings of the boot files; spread into the settings of the regional service. */
export const httpBootSettings = {
  assetDir: setting({
    key: 'asset.dir',
    type: text('a directory'),
    default: '/var/lib/rackwright/assets',
    description:
      'Boot binaries, with the folders static (kernels, initial RAM disks), repos (mirrors) and iso in it. ' +
      'Files that its manifest.json lists are given out only with the digest it says.',
  }),
  ipxeScriptPatch: setting({
    key: 'ipxe.script_patch',
    type: text('iPXE commands separated by ;'),
    default: '',
    aliases: ['SMEE_IPXE_SCRIPT_PATCH'],
    description:
      'Commands to put into iPXE binaries with a marker in their embedded script, 131 characters at most; {mac} and ' +
      '{script} stand for the machine and the URL of its script.',
  }),
  httpMaxTransfers: setting({
    key: 'http.max_transfers',
    type: integer(1, 100_000),
    default: 2_000,
    description: 'Files sent over HTTP at one time; past it machines are told to try later.',
  }),
  httpStallTimeout: setting({
    key: 'http.stall_timeout',
    type: duration(),
    default: 120_000,
    description: 'A client that takes nothing of its file for this long is cut off.',
  }),
  httpTrustedProxies: setting<readonly string[]>({
    key: 'http.trusted_proxies',
    type: list(parsed<string>('an address or a network such as 10.0.0.0/8', parseProxy)),
    default: [],
    aliases: ['SMEE_TRUSTED_PROXIES'],
    description: 'Proxies whose X-Forwarded-For is believed; the rightmost address that is none of them is the client.',
  }),
  httpMaxConnections: setting({
    key: 'http.max_connections',
    type: integer(8, 1_000_000),
    default: 8_192,
    description: 'Open HTTP connections; past it idle ones are closed and new ones are told to try later.',
  }),
  httpMaxConnectionsPerClient: setting({
    key: 'http.max_connections_per_client',
    type: integer(1, 1_000_000),
    default: 1_024,
    description: 'Open HTTP connections of one address. A NAT shows many machines under one.',
  }),
  httpMaxRequests: setting({
    key: 'http.max_requests',
    type: integer(1, 1_000_000),
    default: 4_096,
    description: 'HTTP requests being answered at one time; past it clients are told to try later.',
  }),
  httpHeaderTimeout: setting({
    key: 'http.header_timeout',
    type: duration(),
    default: 10_000,
    description: 'Time in which the headers of a request have to arrive.',
  }),
  httpKeepAliveTimeout: setting({
    key: 'http.keep_alive_timeout',
    type: duration(),
    default: 65_000,
    description: 'Time an HTTP connection may be idle between two requests.',
  }),
};
