import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { LiquidTemplates } from './index.js';

/** With so much time that a machine that stands still meanwhile changes nothing. */
const templates = new LiquidTemplates({ maxRenderMs: 600_000 });
const asDeployed = new LiquidTemplates();

function render(template: string, variables: Readonly<Record<string, unknown>> = {}): string {
  const rendering = templates.render(template, variables);
  if (!rendering.ok) throw new Error(`${rendering.fault.code}: ${rendering.fault.message}`);
  return rendering.value;
}

function faultOf(template: string, variables: Readonly<Record<string, unknown>> = {}, engine = templates): string {
  const rendering = engine.render(template, variables);
  return rendering.ok ? `rendered ${JSON.stringify(rendering.value)}` : rendering.fault.code;
}

const HOSTILE = [
  "'",
  '"; rm -rf /; "',
  '$(reboot)',
  '`reboot`',
  'a\'b"c\\d',
  '\\',
  '!x',
  '{{ secret }}{% raw %}',
  '*&!anchor',
  '%pre',
  '# no comment',
  '../../etc/passwd',
  'ünï\u{1f600}',
  ' ',
  '',
  '-n',
];

describe('LiquidTemplates', () => {
  it('renders variables, conditions and loops', () => {
    expect(
      render('{% for p in packages %}{{ p }},{% endfor %}{% if ip %}{{ ip }}{% else %}dhcp{% endif %}', {
        packages: ['vim', 'curl'],
      }),
    ).toBe('vim,curl,dhcp');
  });

  it('does not render what is in values', () => {
    expect(render('{{ x }}', { x: '{{ y }}{% if %}' })).toBe('{{ y }}{% if %}');
  });

  it.each([
    ['{{ nothing }}', 'template-variable-missing'],
    ['{{ task.hostnam }}', 'template-variable-missing'],
    ['{{ task.constructor }}', 'template-variable-missing'],
    ['{{ task.__proto__ }}', 'template-variable-missing'],
    ['{{ task.name | no_such_filter }}', 'template-invalid'],
    ['{% if %}', 'template-invalid'],
    ['{% if task.name %}', 'template-invalid'],
    ['{% nonsense %}', 'template-invalid'],
    ['{{ task.name', 'template-invalid'],
    ["{% include '/etc/passwd' %}", 'template-invalid'],
    ["{% render 'package.json' %}", 'template-invalid'],
    ["{% layout '../x' %}", 'template-invalid'],
    ['{% block x %}{% endblock %}', 'template-invalid'],
  ])('refuses %.70s as %s', (template, code) => {
    expect(faultOf(template, { task: { name: 'a' } })).toBe(code);
  });

  it.each([
    '{% for i in (1..100000000) %}{% endfor %}',
    '{% for i in (1..5000) %}{% for j in (1..5000) %}x{% endfor %}{% endfor %}',
    "{% assign s = 'xxxxxxxxxxxxxxxx' %}{% for i in (1..30) %}{% assign s = s | append: s %}{% endfor %}{{ s }}",
    'x'.repeat(300_000),
  ])('stops at its limits: %.70s', (template) => {
    expect(faultOf(template, {}, asDeployed)).toBe('template-limit-exceeded');
  });

  it('names line and column', () => {
    expect(templates.check('ok\n  {% nonsense %}')?.message).toMatch(/line:2, col:3/);
    expect(templates.check('ok {{ a | sh }}')).toBeUndefined();
    const rendering = templates.render('a\nb {{ missing }}', {});
    expect(rendering.ok ? '' : rendering.fault.message).toMatch(/missing.*line:2/);
  });

  it('ends on templates nested without end', () => {
    const deep = `${'{% if true %}'.repeat(15_000)}${'{% endif %}'.repeat(15_000)}`;
    expect(faultOf(deep)).toMatch(/^(template-limit-exceeded|rendered "")$/);
  });

  it('never throws, whatever the template', () => {
    const piece = fc.oneof(
      fc.constantFrom('{{', '}}', '{%', '%}', '|', 'if', 'for', 'a', ' in ', 'endfor', '..', '"'),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 15 }), (pieces) => {
        templates.render(pieces.join(''), { a: [1, 'x'] });
      }),
      { numRuns: 500 },
    );
  });

  it('keeps no more parsed templates than it should while giving right results', () => {
    for (let i = 0; i < 300; i += 1) expect(render(`${i} {{ x }}`, { x: i })).toBe(`${i} ${i}`);
    expect(render('0 {{ x }}', { x: 'again' })).toBe('0 again');
  });
});

describe('sh', () => {
  it('gives a real shell exactly the value', () => {
    const values = [...HOSTILE, 'two\nlines', '\ttab'];
    const script = values.map((value) => `printf '%s\\0' ${render('{{ v | sh }}', { v: value })}`).join('\n');
    const seen = execFileSync('sh', ['-c', script]).toString().split('\0').slice(0, -1);
    expect(seen).toEqual(values);
  });

  it('gives one word per item of a list', () => {
    expect(render('{{ v | sh }}', { v: ['a b', "c'd", 3] })).toBe(String.raw`'a b' 'c'\''d' '3'`);
  });

  it.each([[{ a: 1 }], [null], [['a', { b: 1 }]], ['nul\0']])('refuses %j', (v) => {
    expect(faultOf('{{ v | sh }}', { v })).toBe('template-value-refused');
  });
});

describe('yaml', () => {
  it('is read back as exactly the value, never as another type', () => {
    const anything = fc.jsonValue();
    fc.assert(
      fc.property(fc.record({ scalar: fc.string({ unit: 'binary' }), any: anything }), ({ scalar, any }) => {
        const document = render('a: {{ scalar | yaml }}\nb: {{ any | yaml }}\nc: end\n', { scalar, any });
        const read = parseYaml(document) as unknown;
        expect(read).toEqual(JSON.parse(JSON.stringify({ a: scalar, b: any, c: 'end' })));
      }),
    );
  });

  it.each([
    'true',
    'null',
    '1e3',
    'yes',
    '0x10',
    '2026-01-01',
    '- a',
    'a: b',
    '|',
    '\u0085',
    '\u2028',
    '\ufeff',
    ...HOSTILE,
  ])('keeps %j a text on one line', (value) => {
    const line = render('{{ v | yaml }}', { v: value });
    expect(line).not.toMatch(/[\r\n\u0085\u2028\u2029]/);
    expect(parseYaml(`k: ${line}`)).toEqual({ k: value });
  });

  it('writes lists', () => {
    expect(render('packages: {{ v | yaml }}', { v: ['vim', 'a "b"'] })).toBe('packages: ["vim","a \\"b\\""]');
  });
});

describe('preseed', () => {
  it.each(HOSTILE.filter((value) => !value.endsWith('\\')))('leaves %j as it is', (value) => {
    expect(render('d-i x string {{ v | preseed }}', { v: value })).toBe(`d-i x string ${value}`);
  });

  it.each(['a\nd-i preseed/late_command string reboot', 'a\r', 'a\\', 'a\0', '\u0085', { a: 1 }])('refuses %j', (v) => {
    expect(faultOf('d-i x string {{ v | preseed }}', { v })).toBe('template-value-refused');
  });

  it('separates the items of a list by blanks', () => {
    expect(render('{{ v | preseed }}', { v: ['vim', 'curl'] })).toBe('vim curl');
  });
});

describe('kickstart', () => {
  it('is one argument, also for a shell', () => {
    const script = HOSTILE.map((value) => `printf '%s\\0' ${render('{{ v | kickstart }}', { v: value })}`).join('\n');
    expect(execFileSync('sh', ['-c', script]).toString().split('\0').slice(0, -1)).toEqual(HOSTILE);
  });

  it.each(['a\n%post\nreboot', 'a\tb', ['ok', 'x\ny'], undefined])('refuses %j', (v) => {
    expect(faultOf('network --hostname={{ v | kickstart }}', { v })).toMatch(
      /^template-(value-refused|variable-missing)$/,
    );
  });
});
