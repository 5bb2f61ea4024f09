import { describe, expect, it } from 'vitest';
import { parseIsoUpstream, UpstreamAllowList } from './iso-upstream.js';

const DIGEST = 'ab'.repeat(32);

describe('parseIsoUpstream', () => {
  it.each([
    ['hook=http://10.0.0.9/iso/hook.iso', { name: 'hook', url: 'http://10.0.0.9/iso/hook.iso' }],
    [`h=https://m/x.iso#sha256=${DIGEST}`, { name: 'h', url: 'https://m/x.iso', sha256: DIGEST }],
    ['a.b-c_1=http://m:81/x?v=1', { name: 'a.b-c_1', url: 'http://m:81/x?v=1' }],
  ])('reads %s', (text, upstream) => {
    expect(parseIsoUpstream(text)).toEqual(upstream);
  });

  it.each([
    'http://m/x.iso',
    'h=ftp://m/x.iso',
    'h=file:///etc/passwd',
    'h=http://user:pass@m/x.iso',
    'h=http:///x.iso#other',
    'h=http://m/x.iso#sha256=zz',
    '../h=http://m/x.iso',
    'h/x=http://m/x.iso',
    '=http://m/x',
  ])('refuses %s', (text) => {
    expect(parseIsoUpstream(text)).toBeUndefined();
  });
});

describe('UpstreamAllowList', () => {
  const list = new UpstreamAllowList([{ name: 'h', url: 'http://mirror:8080/iso/hook.iso' }], ['https://cdn/a/b']);

  it.each([
    'http://mirror:8080/iso/hook.iso',
    'http://mirror:8080/iso/v2/hook.iso?x=1',
    'http://mirror:8080/iso/./v2/../hook.iso',
    'https://cdn/a/b',
    'https://cdn/a/b/c',
    'HTTPS://CDN/a/b/c',
  ])('allows %s', (url) => {
    expect(list.allows(new URL(url))).toBe(true);
  });

  it.each([
    'http://169.254.169.254/latest/meta-data',
    'http://mirror/iso/hook.iso',
    'https://mirror:8080/iso/hook.iso',
    'http://mirror:8080/secret',
    'http://mirror:8080/iso/../secret',
    'http://mirror:8080/iso/%2e%2e/secret',
    'http://mirror:8080/iso/..%2fsecret',
    'http://mirror:8080/iso/..\\secret',
    'http://mirror:8080/iso/%5c..%5csecret',
    'http://mirror:8080/iso-other/x',
    'http://user@mirror:8080/iso/hook.iso',
    'http://mirror:8080.evil/iso/hook.iso',
    'https://cdn/a/bc',
    'file:///iso/hook.iso',
  ])('refuses %s', (text) => {
    expect(URL.canParse(text) && list.allows(new URL(text))).toBe(false);
  });
});
