import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { embeddedScript, findEmbeddedScripts, parseIpxeScript, patchEmbeddedScript } from './index.js';

const FIRST = '#a8b7e61f1075c37a793f2f92cee89f7bba00c4a8d7842ce3d40b5889032d8881';
const SECOND = '#ddd16a4fc4926ecefdfb6941e33c44ed3647133638f5e84021ea44d3152e7f97';
const MARKER = `${FIRST}\n${SECOND}`;
const LINES = ['set user-class Rackwright', 'set rw-mac 00:1a:2b:3c:4d:5e'];

const binary = (script: string): Buffer => Buffer.concat([Buffer.alloc(300, 0x90), Buffer.from(script, 'latin1')]);

describe('patchEmbeddedScript', () => {
  it('puts the lines where the marker is and moves nothing', () => {
    const before = binary(`#!ipxe\n${MARKER}\ndhcp\nautoboot\n`);
    const after = patchEmbeddedScript(before, LINES);
    if (!after.ok) throw new Error(after.fault.code);
    expect(after.value).toHaveLength(before.length);
    const script = Buffer.from(after.value).toString('latin1', 300);
    expect(script).toBe(`#!ipxe\n${LINES.join('\n').padEnd(131)}\ndhcp\nautoboot\n`);
    expect(before.includes(FIRST)).toBe(true);
    const program = parseIpxeScript(script);
    expect(program.ok && program.value.lines.flatMap(({ commands }) => commands.map(({ words }) => words[0]))).toEqual([
      undefined,
      'set',
      'set',
      'dhcp',
      'autoboot',
      undefined,
    ]);
  });

  it('patches every marker, as in a binary for two processors', () => {
    const twice = binary(`${MARKER}\n---${MARKER}`);
    expect(findEmbeddedScripts(twice)).toEqual([300, 300 + 131 + 4]);
    const after = patchEmbeddedScript(twice, ['x']);
    expect(after.ok && Buffer.from(after.value).includes(FIRST)).toBe(false);
  });

  it.each([
    ['no marker', binary('#!ipxe\nautoboot\n'), LINES],
    ['half a marker', binary(`${FIRST}\n${SECOND.slice(0, -1)}`), LINES],
    ['no lines', binary(MARKER), []],
    ['nothing', new Uint8Array(), LINES],
  ])('leaves a binary with %s as it is', (_name, bytes, lines) => {
    const after = patchEmbeddedScript(bytes, lines);
    expect(after.ok && after.value).toBe(bytes);
  });

  it('refuses what does not fit or would be other lines than given', () => {
    expect(patchEmbeddedScript(binary(MARKER), ['x'.repeat(131)]).ok).toBe(true);
    expect(patchEmbeddedScript(binary(MARKER), ['x'.repeat(132)])).toEqual({
      ok: false,
      fault: { code: 'script-too-long', octets: 132, room: 131 },
    });
    for (const line of ['a\nb', 'a\rb', 'a\0', 'é', '\u2028']) {
      expect(embeddedScript([line])).toMatchObject({ ok: false, fault: { code: 'text-has-control-characters' } });
    }
  });

  it('never changes an octet outside of the marker, nor the length', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), fc.stringMatching(/^[ -~]{0,131}$/), (head, tail, line) => {
        const bytes = Buffer.concat([head, Buffer.from(MARKER, 'latin1'), tail]);
        const after = patchEmbeddedScript(bytes, [line]);
        if (!after.ok) return false;
        const patched = Buffer.from(after.value);
        const whole = Buffer.concat([head, Buffer.from(line.padEnd(131), 'latin1'), tail]);
        return patched.equals(whole);
      }),
    );
  });
});
