import type { Profile } from './profile.js';

function debian(version: string, codename: string): Profile {
  const images = `debian/${version}/amd64`;
  return {
    name: `debian-${version}`,
    family: 'debian',
    version,
    arch: 'x86_64',
    aliases: [`debian ${version}`, `debian-${codename}`, codename],
    format: 'preseed',
    kernel: `${images}/linux`,
    initrds: [`${images}/initrd.gz`],
    kernel_args: 'auto=true priority=critical',
    defaults: { mirror_host: 'deb.debian.org', mirror_directory: '/debian', suite: codename },
  };
}

function ubuntu(version: string, codename: string): Profile {
  const images = `ubuntu/${version}/amd64`;
  return {
    name: `ubuntu-${version}`,
    family: 'ubuntu',
    version,
    arch: 'x86_64',
    aliases: [`ubuntu ${version}`, `ubuntu ${version} lts`, `ubuntu-${codename}`, codename],
    format: 'autoinstall',
    kernel: `${images}/vmlinuz`,
    initrds: [`${images}/initrd`],
    kernel_args: 'autoinstall ip=dhcp',
    defaults: { image: `${images}/live-server.iso`, suite: codename },
  };
}

function enterpriseLinux(family: 'rocky' | 'alma', title: string): Profile {
  const images = `${family}/9/x86_64`;
  return {
    name: `${family}-9`,
    family,
    version: '9',
    arch: 'x86_64',
    aliases: [`${family} 9`, `${title} 9`, `${family}linux-9`, `${family}linux 9`],
    format: 'kickstart',
    kernel: `${images}/vmlinuz`,
    initrds: [`${images}/initrd.img`],
    kernel_args: 'inst.text inst.cmdline ip=dhcp',
    defaults: { repository: `${images}/os` },
  };
}

/** The profiles every installation knows; a stored profile of the same name takes precedence. */
export const builtinProfiles: readonly Profile[] = [
  debian('12', 'bookworm'),
  debian('13', 'trixie'),
  ubuntu('22.04', 'jammy'),
  ubuntu('24.04', 'noble'),
  enterpriseLinux('rocky', 'rocky linux'),
  enterpriseLinux('alma', 'almalinux'),
  {
    name: 'image',
    family: 'image',
    version: '1',
    arch: 'x86_64',
    aliases: ['ram os', 'ramos'],
    format: 'agent',
    kernel: 'ramos/x86_64/vmlinuz',
    initrds: ['ramos/x86_64/initrd.img'],
    kernel_args: 'ip=dhcp',
    defaults: {},
  },
];
