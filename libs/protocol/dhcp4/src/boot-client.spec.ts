import { describe, expect, it } from 'vitest';
import { bootClientOf, OptionCode } from './index.js';

const ascii = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));
const clientOf = (entries: readonly (readonly [number, Uint8Array])[]) => bootClientOf({ options: new Map(entries) });

const PXE = [OptionCode.VendorClassIdentifier, ascii('PXEClient:Arch:00007:UNDI:003016')] as const;
const HTTP = [OptionCode.VendorClassIdentifier, ascii('HTTPClient:Arch:00016:UNDI:003001')] as const;

describe('bootClientOf', () => {
  it('takes an installed OS for no boot client', () => {
    expect(clientOf([[OptionCode.VendorClassIdentifier, ascii('udhcp 1.35.0')]])).toMatchObject({
      kind: 'none',
      stage: 'firmware',
      architectures: [],
    });
    expect(clientOf([])).toEqual({ kind: 'none', stage: 'firmware', architectures: [], userClasses: [], faults: [] });
  });

  it('knows PXE and HTTP firmware by option 60, RFC 4578 section 3', () => {
    expect(clientOf([PXE]).kind).toBe('pxe');
    expect(clientOf([HTTP]).kind).toBe('http');
  });

  it.each([
    { name: 'raw user class', option: [OptionCode.UserClass, ascii('iPXE')] as const, stage: 'ipxe' },
    { name: 'RFC 3004 user class', option: [OptionCode.UserClass, ascii('\x04iPXE')] as const, stage: 'ipxe' },
    { name: 'option 175', option: [OptionCode.EtherbootOptions, Uint8Array.of(1, 1, 1)] as const, stage: 'ipxe' },
    { name: 'our own class', option: [OptionCode.UserClass, ascii('Rackwright')] as const, stage: 'rackwright' },
  ])('D41 knows iPXE by $name', ({ option, stage }) => {
    expect(clientOf([PXE, option])).toMatchObject({ kind: 'ipxe', stage });
  });

  it('D33 takes the architectures in the order of option 93', () => {
    expect(clientOf([PXE, [OptionCode.ClientSystemArchitecture, Uint8Array.of(0, 9, 0, 7)]]).architectures).toEqual([
      9, 7,
    ]);
  });

  it('takes the architecture from option 60 only when option 93 is absent', () => {
    expect(clientOf([PXE]).architectures).toEqual([7]);
    expect(clientOf([HTTP]).architectures).toEqual([16]);
    const broken = clientOf([PXE, [OptionCode.ClientSystemArchitecture, Uint8Array.of(0, 7, 0)]]);
    expect(broken.architectures).toEqual([]);
    expect(broken.faults).toEqual([{ option: 93, code: 'option-length-invalid', offset: 3 }]);
  });

  it('reads the machine identifier', () => {
    const value = Uint8Array.of(0, ...Array.from({ length: 16 }, (_, index) => index));
    expect(clientOf([PXE, [OptionCode.ClientMachineIdentifier, value]]).uuid).toBe(
      '00010203-0405-0607-0809-0a0b0c0d0e0f',
    );
  });
});
