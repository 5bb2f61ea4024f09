import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { facilities, formatSyslog, MAX_MESSAGE_BYTES, parseSyslog, severities, type SyslogMessage } from './index.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const parse = (text: string): SyslogMessage => parseSyslog(bytes(text));

describe('parseSyslog: RFC 5424', () => {
  it('reads the examples of section 6.5', () => {
    expect(
      parse(
        "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \uFEFF'su root' failed for lonvick on /dev/pts/8",
      ),
    ).toEqual({
      format: 'rfc5424',
      ...{ facility: 'auth', severity: 'crit' },
      ...{ timestamp: '2003-10-11T22:14:15.003Z', hostname: 'mymachine.example.com', appName: 'su', msgId: 'ID47' },
      structuredData: [],
      text: "'su root' failed for lonvick on /dev/pts/8",
    });
    expect(
      parse("<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time to make the do-nuts."),
    ).toMatchObject({
      ...{ facility: 'local4', severity: 'notice', appName: 'myproc', procId: '8710', hostname: '192.0.2.1' },
      text: "%% It's time to make the do-nuts.",
    });
    const element = {
      id: 'exampleSDID@32473',
      params: [
        { name: 'iut', value: '3' },
        { name: 'eventSource', value: 'Application' },
        { name: 'eventID', value: '1011' },
      ],
    };
    const head = '<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 ';
    const first = '[exampleSDID@32473 iut="3" eventSource="Application" eventID="1011"]';
    expect(parse(`${head}${first} \uFEFFAn application event log entry...`)).toMatchObject({
      structuredData: [element],
      text: 'An application event log entry...',
    });
    expect(parse(`${head}${first}[examplePriority@32473 class="high"]`)).toMatchObject({
      structuredData: [element, { id: 'examplePriority@32473', params: [{ name: 'class', value: 'high' }] }],
      text: '',
    });
  });

  it('reads escapes and repeated names in structured data: sections 6.3.3 and 6.3.5', () => {
    const { structuredData, text } = parse(String.raw`<13>1 - - - - - [a b="\"\\\]" b="x\y"] end`);
    expect(structuredData).toEqual([
      {
        id: 'a',
        params: [
          { name: 'b', value: String.raw`"\]` },
          { name: 'b', value: String.raw`x\y` },
        ],
      },
    ]);
    expect(text).toBe('end');
  });

  it.each(['[a b="c" end', '[a b=c] end', '[a  b="c"] end', '[] end', '[a b="c"]end', 'no data at all'])(
    'shows structured data that breaks its grammar: %s',
    (rest) => {
      expect(parse(`<13>1 - host app - - ${rest}`)).toEqual({
        format: 'rfc5424',
        ...{ facility: 'user', severity: 'notice', hostname: 'host', appName: 'app', structuredData: [] },
        text: rest,
      });
    },
  );
});

describe('parseSyslog: RFC 3164', () => {
  it.each([
    [
      "<34>Oct 11 22:14:15 mymachine su: 'su root' failed",
      { facility: 'auth', severity: 'crit', timestamp: 'Oct 11 22:14:15', hostname: 'mymachine', appName: 'su' },
      "'su root' failed",
    ],
    [
      '<13>Feb  5 17:32:18 10.0.0.99 Use the BFG!',
      { timestamp: 'Feb  5 17:32:18', hostname: '10.0.0.99' },
      'Use the BFG!',
    ],
    ['<30>Nov 21 10:00:01 anna[123]: retrieving', { appName: 'anna', procId: '123' }, 'retrieving'],
    [
      '<6>Nov 21 10:00:01 kernel: [    0.000000] Linux',
      { facility: 'kern', appName: 'kernel' },
      '[    0.000000] Linux',
    ],
    [
      '<30>main-menu[233]: INFO: Menu item',
      { facility: 'daemon', appName: 'main-menu', procId: '233' },
      'INFO: Menu item',
    ],
    ['<13>2026-11-21T10:00:00+01:00 host app: x\n', { timestamp: '2026-11-21T10:00:00+01:00', hostname: 'host' }, 'x'],
    ['<191>', { facility: 'local7', severity: 'debug' }, ''],
  ])('%s', (line, fields, text) => {
    expect(parse(line)).toMatchObject({ format: 'rfc3164', ...fields, text });
  });

  it.each(['no priority', '<>x', '<192>x', '<999>x', '<013>x', '<-1>x', '< 13>x', '<13', ''])(
    'takes what has no priority for a notice of a user, all of it text (section 4.3.3): %j',
    (line) => {
      const expected = { format: 'plain', facility: 'user', severity: 'notice', structuredData: [], text: line };
      expect(parse(line)).toEqual(expected);
    },
  );
});

describe('parseSyslog', () => {
  it('leaves out what is too long, and octets that are no UTF-8', () => {
    expect(parse(`<13>${'x'.repeat(100_000)}`).text).toHaveLength(MAX_MESSAGE_BYTES - 4);
    expect(parseSyslog(Uint8Array.of(...bytes('<13>a: '), 0xff, 0xc3)).text).toBe('\uFFFD\uFFFD');
  });

  it('never throws, whatever comes, and bounds its work', () => {
    const piece = fc.constantFrom(
      '<13>',
      '<34>1 ',
      '- ',
      '[a ',
      'b="',
      '\\',
      '"',
      ']',
      ' ',
      'Oct 11 22:14:15 ',
      ':',
      '\0',
    );
    const hostile = fc.array(piece, { maxLength: 400 }).map((parts) => bytes(parts.join('')));
    fc.assert(
      fc.property(fc.oneof(hostile, fc.uint8Array({ maxLength: 3_000 })), (octets) => {
        const message = parseSyslog(octets);
        expect(facilities).toContain(message.facility);
        expect(severities).toContain(message.severity);
        expect(message.text.length).toBeLessThanOrEqual(octets.length);
      }),
      { numRuns: 1_000 },
    );
    const deep = `<13>1 - - - - - ${'[a b="\\'.repeat(2_000)}`;
    expect(parse(deep).format).toBe('rfc5424');
  });

  it('reads back every message of RFC 5424 that it writes', () => {
    const name = fc.stringMatching(/^[!#-<>-\\^-~]{1,32}$/);
    const field = fc.option(
      fc.stringMatching(/^[!-~]{1,40}$/).filter((text) => text !== '-'),
      { nil: undefined },
    );
    const value = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((text) => !text.includes('\uFFFD'));
    const param = fc.record({ name, value });
    const element = fc.record({ id: name, params: fc.array(param, { maxLength: 3 }) });
    const message = fc.record({
      facility: fc.constantFrom(...facilities),
      severity: fc.constantFrom(...severities),
      ...{ timestamp: field, hostname: field, appName: field, procId: field, msgId: field },
      structuredData: fc.array(element, { maxLength: 3 }),
      text: value.filter((text) => !/^\uFEFF|[\0\r\n]$/.test(text)),
    });
    fc.assert(
      fc.property(message, (parts) => {
        const given = Object.fromEntries(Object.entries(parts).filter(([, item]) => item !== undefined));
        const whole = { format: 'rfc5424', ...given } as SyslogMessage;
        expect(parseSyslog(formatSyslog(whole))).toEqual(whole);
      }),
    );
  });

  it('writes the older format', () => {
    const message = parse("<34>Oct 11 22:14:15 mymachine su[12]: 'su root' failed");
    expect(Buffer.from(formatSyslog(message)).toString()).toBe(
      "<34>Oct 11 22:14:15 mymachine su[12]: 'su root' failed",
    );
    expect(Buffer.from(formatSyslog(parse('anything'))).toString()).toBe('anything');
  });
});
