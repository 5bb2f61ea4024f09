import { expect, it } from 'vitest';
import { checkSiteSettings } from './site-settings.js';

it.each(['server', 'reservation', 'proxy'] as const)('refuses the DHCP mode %s without any site data', (dhcpMode) => {
  const mistakes = checkSiteSettings({ siteBackend: 'none', siteFile: undefined, dhcpMode });
  expect(mistakes).toEqual([
    {
      where: 'RW_SITE_BACKEND',
      detail:
        `none knows no machines and no subnets, so the DHCP mode ${dhcpMode} would answer nobody: set RW_DHCP_MODE to ` +
        'auto-proxy, or RW_SITE_BACKEND to etcd or file',
    },
  ]);
});

it('asks for the path of the file, and for nothing else', () => {
  const dhcpMode = 'server';
  expect(checkSiteSettings({ siteBackend: 'file', siteFile: undefined, dhcpMode })).toMatchObject([
    { where: 'RW_SITE_FILE' },
  ]);
  expect(checkSiteSettings({ siteBackend: 'file', siteFile: '/m.yaml', dhcpMode })).toEqual([]);
  expect(checkSiteSettings({ siteBackend: 'etcd', siteFile: '/m.yaml', dhcpMode })).toMatchObject([
    { where: 'RW_SITE_FILE', detail: expect.stringContaining('set that to file') as unknown },
  ]);
  expect(checkSiteSettings({ siteBackend: 'etcd', siteFile: undefined, dhcpMode })).toEqual([]);
  expect(checkSiteSettings({ siteBackend: 'none', siteFile: undefined, dhcpMode: 'auto-proxy' })).toEqual([]);
  expect(checkSiteSettings({ siteBackend: 'none', siteFile: undefined, dhcpMode: 'off' })).toEqual([]);
});
