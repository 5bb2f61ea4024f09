import type { DhcpMode } from '@rackwright/domain-netboot';
import { choice, optionalSetting, setting, text, type ConfigMistake, type ConfigOf } from '@rackwright/platform';

/** Settings of where subnets and reservations come from; spread into the settings of the regional service. */
export const siteSettings = {
  siteBackend: setting({
    key: 'site.backend',
    type: choice('etcd', 'file', 'none'),
    default: 'etcd' as const,
    description:
      'Where subnets and reservations come from: etcd, a file of machines (site.file), or nowhere. With file and none ' +
      'the region starts and serves without etcd and NATS; tasks and nodes still come from etcd when it is there.',
  }),
  siteFile: optionalSetting({
    key: 'site.file',
    type: text('a path'),
    aliases: ['SMEE_BACKEND_FILE_PATH'],
    description: 'The file of machines for site.backend file: YAML, by MAC. Changes apply without a restart.',
  }),
};

/** The part of the configuration that says where site data comes from. */
export type SiteConfig = ConfigOf<typeof siteSettings>;

/** What is wrong with the settings together. */
export function checkSiteSettings(config: SiteConfig & { readonly dhcpMode: DhcpMode }): readonly ConfigMistake[] {
  const { siteBackend, siteFile, dhcpMode } = config;
  if (siteBackend === 'file' && siteFile === undefined) {
    return [
      { where: 'RW_SITE_FILE', detail: 'is required when RW_SITE_BACKEND is file: the path of the machine file' },
    ];
  }
  if (siteBackend !== 'file' && siteFile !== undefined) {
    const detail = `is not read while RW_SITE_BACKEND is ${siteBackend}: set that to file, or leave the path out`;
    return [{ where: 'RW_SITE_FILE', detail }];
  }
  if (siteBackend !== 'none' || dhcpMode === 'off' || dhcpMode === 'auto-proxy') return [];
  const detail =
    `none knows no machines and no subnets, so the DHCP mode ${dhcpMode} would answer nobody: set RW_DHCP_MODE to ` +
    'auto-proxy, or RW_SITE_BACKEND to etcd or file';
  return [{ where: 'RW_SITE_BACKEND', detail }];
}
