import { describe, expect, it } from 'vitest';
import { refusalOf, tftpPath, type TftpRequest } from './index.js';

describe('tftpPath', () => {
  it.each([
    ['boot.ipxe', 'boot.ipxe'],
    ['/boot.ipxe', 'boot.ipxe'],
    ['//a/./b//c', 'a/b/c'],
    ['\\boot\\x64\\wdsnbp.com', 'boot/x64/wdsnbp.com'],
    ['pxelinux.cfg/01-52-54-00-aa-00-01', 'pxelinux.cfg/01-52-54-00-aa-00-01'],
    ['..file', '..file'],
  ])('T9 reads %j as %j', (filename, path) => {
    expect(tftpPath(filename)).toEqual({ ok: true, value: path });
  });

  it.each([
    ['../etc/passwd', 'filename-leaves-root'],
    ['a/../../etc/passwd', 'filename-leaves-root'],
    ['..\\..\\etc\\passwd', 'filename-leaves-root'],
    ['/..', 'filename-leaves-root'],
    ['a\nb', 'filename-has-control-characters'],
    ['a\0b', 'filename-has-control-characters'],
    ['a\ufffdb', 'filename-has-control-characters'],
    ['', 'filename-empty'],
    ['/./', 'filename-empty'],
    ['f'.repeat(256), 'filename-too-long'],
    ['é'.repeat(128), 'filename-too-long'],
  ])('T9 refuses %j', (filename, code) => {
    expect(tftpPath(filename)).toEqual({ ok: false, fault: { code } });
  });
});

describe('refusalOf', () => {
  const request: TftpRequest = { kind: 'rrq', filename: 'f', mode: 'octet', options: new Map() };

  it('T6 T8 refuses writing with 2, mail and unknown modes with 4, and lets reading pass', () => {
    expect(refusalOf({ ...request, kind: 'wrq' })?.code).toBe(2);
    expect(refusalOf({ ...request, mode: 'mail' })?.code).toBe(4);
    expect(refusalOf({ ...request, mode: 'binary' })?.code).toBe(4);
    expect(refusalOf(request)).toBeUndefined();
    expect(refusalOf({ ...request, mode: 'netascii' })).toBeUndefined();
  });
});
