import { parseIdc, type Idc } from '@rackwright/kernel';
import {
  assertBindAllowed,
  commonSettings,
  integer,
  optionalSetting,
  parsed,
  port,
  requiredSetting,
  setting,
  text,
  url,
  type ConfigMistake,
  type ConfigOf,
} from '@rackwright/platform';
import { bootPlaneSettings } from './boot-plane/boot-plane-settings.js';
import { checkDhcpSettings } from './dhcp/dhcp-settings.js';
import { checkSiteSettings, siteSettings } from './site-data/site-settings.js';

/** Settings of the regional service. */
export const regionalSettings = {
  ...commonSettings,
  ...bootPlaneSettings,
  ...siteSettings,
  httpHost: { ...commonSettings.httpHost, aliases: ['SMEE_HTTP_ADDR'] },
  httpPort: setting({
    key: 'http.port',
    type: port(),
    default: 8081,
    aliases: ['SMEE_HTTP_PORT'],
    description: 'Port to serve HTTP on.',
  }),
  logLevel: { ...commonSettings.logLevel, aliases: ['NF_LOG_LEVEL', 'SMEE_LOG_LEVEL'] },
  idc: requiredSetting<Idc>({
    key: 'idc',
    type: parsed('a data centre name of a-z, 0-9 and "-"', parseIdc),
    description: 'Data centre this region serves.',
  }),
  stateDir: setting({
    key: 'state_dir',
    type: text('a folder'),
    default: '.rackwright/regional',
    description:
      'Folder for what has to survive a restart: identity, snapshot, leases, reports kept while etcd is away.',
  }),
  publicUrl: optionalSetting({
    key: 'http.public_url',
    type: url('http', 'https'),
    description:
      'URL at which machines reach this service. Unset, where it listens, or the next server if that is every address.',
  }),
  journalMaxMb: setting({
    key: 'journal.max_mb',
    type: integer(1, 65_536),
    default: 256,
    description: 'Disk space for reports kept while etcd is away, in MiB; past it machines are told to try later.',
  }),
  logJournalMaxEntries: setting({
    key: 'journal.max_log_entries',
    type: integer(1, 10_000_000),
    default: 100_000,
    description: 'Requests with log lines kept while NATS is away; past it machines are told to try later.',
  }),
};

/** The configuration of the regional service. */
export type RegionalConfig = ConfigOf<typeof regionalSettings>;

/** What is wrong with the settings together. */
export function checkRegionalConfig(config: RegionalConfig): readonly ConfigMistake[] {
  return [
    ...assertBindAllowed(config.httpHost, config.auth),
    ...checkDhcpSettings(config),
    ...checkSiteSettings(config),
  ];
}
