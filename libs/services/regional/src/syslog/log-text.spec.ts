import { expect, it } from 'vitest';
import { parseSyslog } from '@rackwright/protocol-syslog';
import { logTextOf } from './log-text.js';

it.each([
  ['<30>Nov 21 10:00:01 anna[123]: retrieving libc', 'anna[123]: retrieving libc'],
  ['<6>Nov 21 10:00:01 box kernel: eth0 up', 'kernel: eth0 up'],
  ['<27>Nov 21 10:00:01 box base-installer: no mirror', 'base-installer err: no mirror'],
  ['<12>just words', 'warning: just words'],
  ['words without a priority', 'words without a priority'],
  ['<14>1 - box app 7 - [a b="c d" e="f"][g] said', 'app[7]: (a b=c d e=f) (g) said'],
  ['<14>1 - box app - - [only@1 data="x"]', 'app: (only@1 data=x)'],
])('%s', (message, text) => {
  expect(logTextOf(parseSyslog(new TextEncoder().encode(message)))).toBe(text);
});
