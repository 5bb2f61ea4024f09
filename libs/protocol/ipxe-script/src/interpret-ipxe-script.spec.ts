import { describe, expect, it } from 'vitest';
import {
  expansion,
  formatIpxeScript,
  interpretIpxeScript,
  ipxe,
  type InterpretOptions,
  type IpxeOutcome,
  type IpxeReply,
  type IpxeRequest,
} from './index.js';

interface Run {
  readonly outcome: IpxeOutcome;
  readonly requests: readonly IpxeRequest[];
}

const succeed = (): IpxeReply => ({ ok: true });

function run(
  lines: string,
  answer: (request: IpxeRequest) => IpxeReply = succeed,
  options: InterpretOptions = {},
): Run {
  const requests: IpxeRequest[] = [];
  const script = interpretIpxeScript(`#!ipxe\n${lines}\n`, options);
  let next = script.next();
  while (next.done !== true) {
    requests.push(next.value);
    next = script.next(answer(next.value));
  }
  return { outcome: next.value, requests };
}

const echoes = ({ requests }: Run): string[] =>
  requests.flatMap((request) => (request.kind === 'echo' ? [request.text.trimEnd()] : []));

const failing =
  (...urls: string[]) =>
  (request: IpxeRequest): IpxeReply =>
    request.kind === 'fetch' && urls.includes(request.url) ? { ok: false, error: 'not found' } : { ok: true };

/** Serves scripts by URL; other fetches succeed without content. */
const serving =
  (scripts: Readonly<Record<string, string>>) =>
  (request: IpxeRequest): IpxeReply => {
    const content = request.kind === 'fetch' ? scripts[request.url] : undefined;
    return content === undefined ? { ok: true } : { ok: true, content };
  };

describe('interpretIpxeScript', () => {
  it('fetches a kernel and an initrd and boots them with the kernel arguments', () => {
    const { outcome, requests } = run(
      'kernel http://h/linux auto=true url=http://h/preseed.cfg\ninitrd --name initrd.gz http://h/x/initrd.gz\nboot',
    );
    const linux = { name: 'linux', url: 'http://h/linux', args: 'auto=true url=http://h/preseed.cfg' };
    const initrd = { name: 'initrd.gz', url: 'http://h/x/initrd.gz', args: '' };
    expect(requests).toEqual([
      { kind: 'fetch', url: 'http://h/linux', purpose: 'kernel' },
      { kind: 'fetch', url: 'http://h/x/initrd.gz', purpose: 'initrd' },
      { kind: 'boot', image: linux, others: [initrd] },
    ]);
    expect(outcome).toEqual({ kind: 'booted', image: linux, others: [initrd] });
  });

  it('ends at a failed line and names it', () => {
    const result = run('kernel http://h/linux\necho not reached', failing('http://h/linux'));
    expect(result.outcome).toEqual({ kind: 'failed', command: 'kernel http://h/linux', error: 'not found' });
    expect(echoes(result)).toEqual([]);
  });

  it.each([
    ['imgfetch http://h/a || echo rescued', ['rescued', 'end']],
    ['imgfetch http://h/a ||', ['end']],
    ['imgfetch http://h/a && echo not-this || echo other', ['other', 'end']],
    ['imgfetch http://h/b && echo this || echo not-other', ['this', 'end']],
    ['imgfetch http://h/a ; echo always', ['always', 'end']],
    ['echo a # echo b', ['a', 'end']],
    ['isset ${x} || echo unset', ['unset', 'end']],
    ['iseq ${y} yes && echo equal ||', ['equal', 'end']],
  ])('runs %j', (line, expected) => {
    const result = run(`set y yes\n${line}\necho end`, failing('http://h/a'));
    expect(echoes(result)).toEqual(expected);
    expect(result.outcome).toEqual({ kind: 'exited', status: 0 });
  });

  it('expands settings after splitting, innermost first, and keeps a value with spaces one word', () => {
    const settings: Record<string, string> = { 'net0/mac': '52:54:00:AA:00:01', name: 'net0', words: 'a  b' };
    const result = run(
      'echo ${net0/mac:hexhyp} ${${name}/mac:hexraw} ${net0/mac} ${words:uristring}\necho ${words} ${unset} ${cwduri}',
      succeed,
      { setting: (name) => settings[name], baseUrl: 'http://h/boot.ipxe' },
    );
    expect(echoes(result)).toEqual([
      '52-54-00-aa-00-01 525400aa0001 52:54:00:AA:00:01 a%20%20b',
      'a  b  http://h/boot.ipxe',
    ]);
  });

  it('does not expand for ever', () => {
    expect(echoes(run('set a ${a}x\nset a ${a}${a}\necho ${a}'))).toEqual(['xx']);
    expect(run('echo ${a}', succeed, { setting: () => '${a}' }).requests).toHaveLength(1);
  });

  it('bounds a value that doubles', () => {
    const result = run(`set a xx\n:l\nset a \${a}\${a}\ngoto l`, succeed, { maxSteps: 200 });
    expect(result.outcome).toEqual({ kind: 'step-limit-reached' });
  });

  it('goes to labels, and fails on one that does not exist', () => {
    expect(echoes(run('goto b\n:a\necho a\nexit 3\n:b\necho b\ngoto a'))).toEqual(['b', 'a']);
    expect(run('goto nowhere').outcome).toMatchObject({ kind: 'failed', command: 'goto' });
    expect(run(':a\nexit 3').outcome).toEqual({ kind: 'exited', status: 3 });
  });

  it('joins continued lines', () => {
    expect(echoes(run('echo a \\\nb'))).toEqual(['a b']);
  });

  it('stops a loop that nothing else stops', () => {
    const { outcome, requests } = run(':a\nsleep 1\ngoto a', succeed, { maxSteps: 9 });
    expect(outcome).toEqual({ kind: 'step-limit-reached' });
    expect(requests).toHaveLength(5);
  });

  it('replaces a script without nesting, relative to where it came from', () => {
    const visits: string[] = [];
    const answer = (request: IpxeRequest): IpxeReply => {
      if (request.kind !== 'fetch') return { ok: true };
      visits.push(request.url);
      return { ok: true, content: visits.length < 100 ? '#!ipxe\nchain --replace next.ipxe\n' : '#!ipxe\nexit 7\n' };
    };
    const { outcome } = run('chain --replace --autofree a/boot.ipxe\necho not-reached', answer, {
      baseUrl: 'http://h/x',
    });
    expect(outcome).toEqual({ kind: 'exited', status: 7 });
    expect([visits[0], visits[1], visits.length]).toEqual(['http://h/a/boot.ipxe', 'http://h/a/next.ipxe', 100]);
  });

  it('returns from a script that was called', () => {
    const result = run(
      'chain http://h/sub\necho back in ${cwduri}',
      serving({ 'http://h/sub': '#!ipxe\necho sub\nexit\n' }),
      {
        baseUrl: 'http://h/main',
      },
    );
    expect(echoes(result)).toEqual(['sub', 'back in http://h/main']);
  });

  it('passes on the failure of a script that was called', () => {
    const answer = serving({ 'http://h/sub': '#!ipxe\nexit 2\n' });
    expect(echoes(run('chain http://h/sub || echo failed', answer))).toEqual(['failed']);
  });

  it('bounds how deeply scripts nest', () => {
    const result = run('chain http://h/sub', serving({ 'http://h/sub': '#!ipxe\nchain http://h/sub\n' }));
    expect(result.outcome).toMatchObject({ kind: 'failed', error: 'scripts nest too deeply' });
    expect(result.requests.length).toBeLessThan(20);
  });

  it('boots a chained program that is no script', () => {
    const { outcome } = run('chain tftp://h/ipxe.efi');
    expect(outcome).toMatchObject({ kind: 'booted', image: { name: 'ipxe.efi', url: 'tftp://h/ipxe.efi' } });
  });

  it('boots from disk, or goes on when there is none', () => {
    expect(run('sanboot --no-describe --drive 0x80').outcome).toEqual({ kind: 'booted-from-disk', drive: 128 });
    const noDisk = (request: IpxeRequest): IpxeReply =>
      request.kind === 'sanboot' ? { ok: false, error: 'no disk' } : { ok: true };
    expect(run('sanboot --drive 0x80 || exit 1', noDisk).outcome).toEqual({ kind: 'exited', status: 1 });
  });

  it('reboots, changes and frees images', () => {
    expect(run('reboot').outcome).toEqual({ kind: 'rebooted' });
    expect(run('kernel http://h/linux a\nimgargs linux b c\nboot').outcome).toMatchObject({ image: { args: 'b c' } });
    expect(run('kernel http://h/linux\nimgfree\nboot').outcome).toMatchObject({
      kind: 'failed',
      error: 'no image to boot',
    });
  });

  it.each([
    'vlan create',
    'console',
    'poweroff',
    'nslookup a b',
    'kernel',
    'kernel --bad x',
    'sleep x',
    'kernel not-a-url',
  ])('fails on %j like the iPXE in use', (line) => {
    expect(run(line).outcome).toMatchObject({ kind: 'failed', command: line });
  });

  it('refuses what is no script', () => {
    const script = interpretIpxeScript('MZ...');
    expect(script.next()).toEqual({ done: true, value: { kind: 'failed', command: '', error: 'not-a-script' } });
  });

  it('runs what formatIpxeScript writes', () => {
    const script = formatIpxeScript([
      ipxe.label('wait'),
      ipxe.orElse(ipxe.imgfetch(['http://h/report?mac=', expansion('net0/mac', 'hexhyp')])),
      ipxe.sleep(5),
      ipxe.orElse(ipxe.chain('http://h/boot.ipxe'), ipxe.goto('wait')),
    ]);
    let failures = 2;
    const result = run(
      script.ok ? script.value.replace('#!ipxe\n', '') : '',
      (request) => {
        if (request.kind !== 'fetch' || request.purpose !== 'chain') return { ok: true };
        failures -= 1;
        return failures >= 0 ? { ok: false, error: 'away' } : { ok: true, content: '#!ipxe\nsanboot --drive 0x80\n' };
      },
      { setting: (name) => (name === 'net0/mac' ? '52:54:00:aa:00:01' : undefined) },
    );
    expect(result.outcome).toEqual({ kind: 'booted-from-disk', drive: 128 });
    expect(result.requests[0]).toEqual({
      kind: 'fetch',
      url: 'http://h/report?mac=52-54-00-aa-00-01',
      purpose: 'image',
    });
    expect(result.requests.filter(({ kind }) => kind === 'sleep')).toHaveLength(3);
  });
});
