import { describe, expect, it } from 'vitest';
import { parseManifest } from './parse-manifest.js';

const entry = { name: 'a/b.efi', sha256: 'ab'.repeat(32), size: 3 };
const text = (files: unknown, version: unknown = 1): string => JSON.stringify({ version, files });

describe('parseManifest', () => {
  it('reads entries with and without a source', () => {
    const sourced = { ...entry, name: 'c', source: { package: 'ipxe', version: '1' } };
    expect(parseManifest(text([entry, sourced]))).toEqual({ ok: true, value: [entry, sourced] });
    expect(parseManifest(text([]))).toEqual({ ok: true, value: [] });
  });

  it.each([
    ['{', 'not-json', ''],
    ['null', 'unknown-version', '/version'],
    [text([], 2), 'unknown-version', '/version'],
    [text({}), 'invalid-entry', '/files'],
    [text([entry, 'x']), 'invalid-entry', '/files/1'],
    [text([{ ...entry, name: '../x' }]), 'invalid-entry', '/files/0'],
    [text([{ ...entry, name: '/x' }]), 'invalid-entry', '/files/0'],
    [text([{ ...entry, name: 'a//b' }]), 'invalid-entry', '/files/0'],
    [text([{ ...entry, name: '' }]), 'invalid-entry', '/files/0'],
    [text([{ ...entry, name: 'a\0' }]), 'invalid-entry', '/files/0'],
    [text([{ ...entry, sha256: 'AB'.repeat(32) }]), 'invalid-entry', '/files/0'],
    [text([{ ...entry, size: -1 }]), 'invalid-entry', '/files/0'],
    [text([{ ...entry, size: 1.5 }]), 'invalid-entry', '/files/0'],
  ])('refuses %s', (manifest, code, pointer) => {
    expect(parseManifest(manifest)).toEqual({ ok: false, fault: { code, pointer } });
  });
});
