import { describe, expect, it } from 'vitest';
import { ip, lan, mac, macNumber, request, SERVER, Site } from './netboot-fixture.js';

const a = macNumber(1);
const b = macNumber(2);

describe('planBoot', () => {
  const boots = (client: object, from = a) => {
    const site = new Site();
    const reply = site.handle(request('discover', from, { client: { kind: 'pxe', architectures: [], ...client } }));
    if (reply.kind !== 'reply') throw new Error(reply.reason);
    return { file: reply.fields.bootFile?.value, class: reply.fields.vendorClass?.value, reply };
  };

  it.each([
    [0, 'undionly.kpxe'],
    [6, 'ipxe-i386.efi'],
    [7, 'ipxe.efi'],
    [9, 'ipxe.efi'],
    [10, 'ipxe-arm32.efi'],
    [11, 'ipxe-arm64.efi'],
  ])('D33: architecture %i boots %s by TFTP', (code, file) => {
    expect(boots({ architectures: [code] })).toMatchObject({
      file,
      class: 'PXEClient',
      reply: { fields: { siaddr: { value: SERVER }, pxeVendor: { value: 'plain' } } },
    });
  });

  it.each([
    [15, 'ipxe-i386.efi'],
    [16, 'ipxe.efi'],
    [18, 'ipxe-arm32.efi'],
    [19, 'ipxe-arm64.efi'],
    [20, 'undionly.kpxe'],
  ])('D40: architecture %i boots %s by an absolute URL', (code, file) => {
    expect(boots({ kind: 'http', architectures: [code] })).toMatchObject({
      file: `http://10.0.0.1:8081/ipxe/${file}`,
      class: 'HTTPClient',
    });
  });

  it('D33: unknown codes are skipped; without a known one there is a lease and nothing to boot', () => {
    expect(boots({ architectures: [999, 7] }).file).toBe('ipxe.efi');
    expect(boots({ architectures: [5] })).toMatchObject({
      file: undefined,
      reply: { bootRefusal: 'arch-unsupported' },
    });
  });

  it('D41: iPXE gets its script, never the binary', () => {
    const { file, reply } = boots({ kind: 'ipxe', architectures: [7] });
    expect(file).toBe(`http://10.0.0.1:8081/boot/${a}/boot.ipxe`);
    expect(reply.fields.vendorClass).toBeUndefined();
  });

  it('a Raspberry Pi is known by its address, whatever architecture its ROM names', () => {
    expect(boots({ architectures: [0] }, mac('dc:a6:32:00:00:01'))).toMatchObject({
      file: 'ipxe-arm64.efi',
      reply: { fields: { pxeVendor: { value: 'raspberry-pi' } } },
    });
  });

  it('D35: option 97 is mirrored when it was sent', () => {
    const uuid = '00112233-4455-6677-8899-aabbccddeeff';
    expect(boots({ architectures: [0], uuid }).reply.fields.machineId?.value).toBe(uuid);
    expect(boots({ architectures: [0] }).reply.fields.machineId).toBeUndefined();
  });

  it('boot files: the machine before the region before the table; the subnet names its own server', () => {
    const site = new Site(
      {
        boot: {
          nextServer: SERVER,
          publicUrl: 'http://10.0.0.1:8081/',
          bootFiles: { 7: 'snponly.efi', 21: 'pxelinux.cfg/01-{mac}' },
        },
      },
      [{ ...lan, next_server: ip('10.0.0.3') }],
    );
    site.reserve({ mac: b, allow_netboot: true, boot_files: { 7: 'special.efi' } });
    const ask = (from: typeof a, client: object) => {
      const reply = site.handle(request('discover', from, { client: { kind: 'pxe', architectures: [7], ...client } }));
      return reply.kind === 'reply' ? [reply.fields.siaddr?.value, reply.fields.bootFile?.value] : [];
    };
    expect(ask(a, {})).toEqual(['10.0.0.3', 'snponly.efi']);
    expect(ask(b, {})).toEqual(['10.0.0.3', 'special.efi']);
    expect(ask(a, { architectures: [21] })).toEqual(['10.0.0.3', 'pxelinux.cfg/01-02-00-00-00-00-01']);
    expect(ask(a, { kind: 'ipxe' })).toEqual(['10.0.0.3', `http://10.0.0.3:8081/boot/${a}/boot.ipxe`]);
  });

  it('D42: with netboot disabled a machine gets its lease and nothing to boot', () => {
    const site = new Site();
    site.reserve({ mac: a, ip: ip('10.0.0.50'), allow_netboot: false });
    const reply = site.handle(request('discover', a, { client: { kind: 'pxe', architectures: [0] } }));
    expect(reply).toMatchObject({ type: 'offer', bootRefusal: 'netboot-disabled' });
    expect(reply.kind === 'reply' ? reply.fields.bootFile : 'none').toBeUndefined();
  });
});
