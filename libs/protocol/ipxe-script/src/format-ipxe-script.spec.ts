import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  expansion,
  formatIpxeScript,
  ipxe,
  ipxeWord,
  ipxeWords,
  kernelArg,
  parseIpxeScript,
  type IpxeStatement,
} from './index.js';

const hostile = [
  ['a\nboot', 'text-has-control-characters'],
  ['a\rboot', 'text-has-control-characters'],
  ['a\tb', 'text-has-control-characters'],
  ['a\0b', 'text-has-control-characters'],
  ['a\u0085b', 'text-has-control-characters'],
  ['a\u2028b', 'text-has-control-characters'],
  ['${net0/mac}', 'text-has-expansion'],
  ['x${', 'text-has-expansion'],
  ['||', 'word-is-separator'],
  ['&&', 'word-is-separator'],
  [';', 'word-is-separator'],
  ['#x', 'word-is-separator'],
  ['x\\', 'text-ends-with-backslash'],
] as const;

function textOf(statements: readonly IpxeStatement[]): string {
  const result = formatIpxeScript(statements);
  if (!result.ok) throw new Error(`${result.fault.code}: ${result.fault.text}`);
  return result.value;
}

describe('ipxeWord and ipxeWords', () => {
  it.each([...hostile, ['', 'word-empty'], ['a b', 'word-has-space']] as const)('refuse %j', (text, code) => {
    expect(ipxeWord(text)).toMatchObject({ ok: false, fault: { code } });
  });

  it.each([
    ...hostile.map(([text, code]) => [`name ${text}`, code] as const),
    ['a  b', 'text-has-space-run'],
    [' a', 'text-has-space-run'],
    ['a ', 'text-has-space-run'],
    ['a || reboot', 'word-is-separator'],
    ['a # b', 'word-is-separator'],
  ] as const)('refuse %j among words', (text, code) => {
    expect(ipxeWords(text)).toMatchObject({ ok: false, fault: { code } });
  });

  it.each(['node-1', 'a#b', 'a||b', 'a;b', "it's", '"quoted"', '$HOME', 'café', 'a\\b', 'http://h/a?b=c&d=e'])(
    'keep %j, which iPXE does not interpret',
    (text) => {
      expect(ipxeWord(text)).toEqual({ ok: true, value: text });
    },
  );

  it('place expansions only where they were asked for', () => {
    const url = ['http://h/boot/', expansion('net0/mac', 'hexhyp'), '/boot.ipxe'];
    expect(ipxeWord(url)).toEqual({ ok: true, value: 'http://h/boot/${net0/mac:hexhyp}/boot.ipxe' });
    expect(ipxeWord([expansion('a}${b')])).toMatchObject({ ok: false, fault: { code: 'name-invalid' } });
    expect(ipxeWord(['a$', '{b}'])).toMatchObject({ ok: false, fault: { code: 'text-has-expansion' } });
    expect(ipxeWord(['a$', expansion('b')])).toMatchObject({ ok: false, fault: { code: 'text-has-expansion' } });
  });

  it('H9 let nothing through that parses into more than one word of one line', () => {
    const piece = fc.constantFrom(
      '\n',
      '\r',
      '${x}',
      '||',
      '&&',
      ';',
      '#',
      '\\',
      ' ',
      '"',
      "'",
      ':',
      '-',
      'a',
      '$',
      '{',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        const word = ipxeWord(pieces.join(''));
        fc.pre(word.ok);
        const script = formatIpxeScript([ipxe.set('x', pieces.join('')), ipxe.boot()]);
        const program = script.ok ? parseIpxeScript(script.value) : script;
        expect(program.ok && program.value.lines.map((line) => line.commands.map(({ words }) => words))).toEqual([
          [[]],
          [['set', 'x', pieces.join('')]],
          [['boot']],
          [[]],
        ]);
      }),
    );
  });
});

describe('kernelArg', () => {
  it.each([
    ['hostname', 'node-1', 'hostname=node-1'],
    ['netcfg/get_hostname', 'node-1', 'netcfg/get_hostname=node-1'],
    ['motd', 'two words', 'motd="two words"'],
    ['console', 'ttyS0,115200n8', 'console=ttyS0,115200n8'],
    ['quiet', undefined, 'quiet'],
    ['ip', '', 'ip='],
  ])('%s, %j is %s', (name, value, text) => {
    expect(kernelArg(name, value)).toEqual({ ok: true, value: text });
  });

  it.each([
    ['h', 'a\ninit=/bin/sh', 'text-has-control-characters'],
    ['h', 'a" init="/bin/sh', 'quote-not-representable'],
    ['h', '${net0/mac}', 'text-has-expansion'],
    ['h', 'a || b', 'word-is-separator'],
    ['h', 'a  b', 'text-has-space-run'],
    ['a b', 'x', 'name-invalid'],
    ['--', undefined, 'name-invalid'],
  ])('refuses %s, %j', (name, value, code) => {
    expect(kernelArg(name, value)).toMatchObject({ ok: false, fault: { code } });
  });
});

describe('formatIpxeScript', () => {
  it('H9 starts with #!ipxe and writes one command per line with LF', () => {
    const statements = [
      ipxe.comment('install node-1'),
      ipxe.set('base', 'http://10.0.0.1:8081'),
      ipxe.label('retry'),
      ipxe.imgfree(),
      ipxe.orElse(ipxe.kernel([expansion('base'), '/static/linux'], ['auto=true', 'motd="a b"']), ipxe.goto('wait')),
      ipxe.initrd('http://10.0.0.1/initrd.gz', 'initrd.gz'),
      ipxe.orElse(ipxe.boot(), ipxe.goto('wait')),
      ipxe.label('wait'),
      ipxe.echo('-- waiting for approval'),
      ipxe.sleep(5),
      ipxe.orElse(ipxe.imgfetch('http://10.0.0.1/report')),
      ipxe.andThen(ipxe.iseq(expansionText('platform'), 'pcbios'), ipxe.sanboot()),
      ipxe.andThen(ipxe.isset(expansionText('net0/ip')), ipxe.echo('up')),
      ipxe.orElse(ipxe.dhcp(), ipxe.exit(1)),
      ipxe.orElse(ipxe.chain('http://10.0.0.1/boot.ipxe'), ipxe.goto('retry')),
      ipxe.chain('sub.ipxe', { isReplacing: false }),
      ipxe.exit(),
    ];
    expect(textOf(statements)).toBe(`#!ipxe
# install node-1
set base http://10.0.0.1:8081
:retry
imgfree
kernel \${base}/static/linux auto=true motd="a b" || goto wait
initrd --name initrd.gz http://10.0.0.1/initrd.gz
boot || goto wait
:wait
echo -- -- waiting for approval
sleep 5
imgfetch http://10.0.0.1/report ||
iseq \${platform} pcbios && sanboot --no-describe --drive 0x80
isset \${net0/ip} && echo up
dhcp || exit 1
chain --replace --autofree http://10.0.0.1/boot.ipxe || goto retry
chain --autofree sub.ipxe
exit
`);
  });

  it.each<{ name: string; statement: IpxeStatement; code: string }>([
    { name: 'a comment that continues', statement: ipxe.comment('x\\'), code: 'text-ends-with-backslash' },
    { name: 'a comment with a line break', statement: ipxe.comment('x\nboot'), code: 'text-has-control-characters' },
    { name: 'a jump to nowhere', statement: ipxe.goto('nowhere'), code: 'label-unknown' },
    { name: 'a label with a space', statement: ipxe.label('a boot'), code: 'name-invalid' },
    { name: 'a setting name with a space', statement: ipxe.set('a b', 'c'), code: 'name-invalid' },
    { name: 'an image name with a space', statement: ipxe.initrd('u', 'a b'), code: 'name-invalid' },
    { name: 'a negative sleep', statement: ipxe.sleep(-1), code: 'number-out-of-range' },
    { name: 'a fractional drive', statement: ipxe.sanboot(1.5), code: 'number-out-of-range' },
    { name: 'a URL with a space', statement: ipxe.chain('http://h/a b'), code: 'word-has-space' },
    {
      name: 'a hostile second command',
      statement: ipxe.orElse(ipxe.boot(), ipxe.echo('a\nb')),
      code: 'text-has-control-characters',
    },
  ])('refuses $name and says where', ({ statement, code }) => {
    expect(formatIpxeScript([ipxe.boot(), statement])).toMatchObject({ ok: false, fault: { code, line: 2 } });
  });

  it('refuses a label given twice', () => {
    expect(formatIpxeScript([ipxe.label('a'), ipxe.label('a')])).toMatchObject({
      ok: false,
      fault: { code: 'label-repeated', line: 2 },
    });
  });
});

function expansionText(setting: string) {
  return [expansion(setting)];
}
