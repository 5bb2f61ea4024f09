import { describe, expect, it } from 'vitest';
import { formatLoaderConfig, loaderRequestOf, planOfScript, type LoaderPlan } from './boot-loader-config.js';

const BASE = 'http://10.0.0.1:8081';
const plan: LoaderPlan = {
  kind: 'kernel',
  kernel: `${BASE}/static/linux`,
  initrds: [`${BASE}/static/initrd.gz`, 'https://mirror.example.org/extra.img'],
  args: 'quiet ds=nocloud-net;s=http://10.0.0.1/ a=b',
};

describe('planOfScript', () => {
  it('takes the kernel, its RAM disks and its arguments, less the names iPXE gave the RAM disks', () => {
    const script = [
      '#!ipxe',
      `kernel ${BASE}/static/linux initrd=initrd0.img quiet || goto failed`,
      `initrd --name initrd0.img ${BASE}/static/initrd.gz || goto failed`,
      'boot || goto failed',
      ':failed',
      `chain --replace ${BASE}/boot/x`,
    ].join('\n');
    expect(planOfScript(`${script}\n`)).toEqual({
      kind: 'kernel',
      kernel: `${BASE}/static/linux`,
      initrds: [`${BASE}/static/initrd.gz`],
      args: 'quiet',
    });
  });

  it.each([
    ['waits', `:again\nsleep 10\nchain --replace ${BASE}/boot/x || goto again\n`],
    ['boots its disk', 'sanboot --no-describe --drive 0x80 || exit\n'],
    ['leaves to the firmware', 'exit 1\n'],
    ['cannot be run', 'nonsense\n'],
    ['never ends', ':again\nsleep 1\ngoto again\n'],
  ])('a script that %s is a boot from disk', (_what, body) => {
    expect(planOfScript(`#!ipxe\n${body}`)).toEqual({ kind: 'local-disk' });
  });
});

describe('loaderRequestOf', () => {
  it.each([
    ['pxelinux.cfg/01-00-1a-2b-3c-4d-5e', 'pxelinux'],
    ['boot/pxelinux.cfg/01-00-1A-2B-3C-4D-5E', 'pxelinux'],
    ['debian-installer/arm64/grub.cfg-01-00-1a-2b-3c-4d-5e', 'grub'],
  ])('%j asks for %s', (path, kind) => {
    expect(loaderRequestOf(path)).toEqual({ kind, mac: '001a2b3c4d5e' });
  });

  it.each([
    'pxelinux.cfg/default',
    'pxelinux.cfg/0A000001',
    'pxelinux.cfg/01-00-1a-2b-3c-4d',
    'grub.cfg',
    'x01-pxelinux.cfg',
  ])('%j asks for no machine', (path) => {
    expect(loaderRequestOf(path)).toBeUndefined();
  });
});

describe('formatLoaderConfig', () => {
  it('writes PXELINUX', () => {
    expect(formatLoaderConfig('pxelinux', plan, BASE)).toEqual({
      ok: true,
      value: [
        'DEFAULT rackwright',
        'PROMPT 0',
        'LABEL rackwright',
        '  KERNEL /static/linux',
        '  INITRD /static/initrd.gz,https://mirror.example.org/extra.img',
        '  APPEND quiet ds=nocloud-net;s=http://10.0.0.1/ a=b',
        '',
      ].join('\n'),
    });
  });

  it('writes GRUB with every word quoted', () => {
    expect(formatLoaderConfig('grub', plan, BASE)).toEqual({
      ok: true,
      value: [
        "linux '/static/linux' 'quiet' 'ds=nocloud-net;s=http://10.0.0.1/' 'a=b'",
        "initrd '/static/initrd.gz' 'https://mirror.example.org/extra.img'",
        'boot',
        '',
      ].join('\n'),
    });
    expect(formatLoaderConfig('grub', { kind: 'local-disk' }, BASE)).toEqual({ ok: true, value: 'exit 1\n' });
  });

  it.each([
    ['pxelinux', { ...plan, args: 'a\nDEFAULT evil' }],
    ['pxelinux', { ...plan, kernel: '/static/a b' }],
    ['pxelinux', { ...plan, initrds: ['/static/a,b'] }],
    ['grub', { ...plan, args: "a'; reboot; '" }],
    ['grub', { ...plan, kernel: '/static/a\nb' }],
  ] as const)('refuses for %s what it cannot express', (kind, hostile) => {
    expect(formatLoaderConfig(kind, hostile, BASE)).toMatchObject({
      ok: false,
      fault: { code: 'value-not-representable' },
    });
  });
});
