import type { Ipv4 } from '@rackwright/kernel';
import { describe, expect, it } from 'vitest';
import { openFailure } from './socket-failure.js';

const binding = { address: '0.0.0.0' as Ipv4, port: 67, interfaceName: 'eth0' };

describe('openFailure', () => {
  it.each([
    { code: 'EADDRINUSE', expected: 'address-in-use', retryable: true, words: ['0.0.0.0:67'] },
    { code: 'EACCES', expected: 'permission-denied', retryable: false, words: ['CAP_NET_BIND_SERVICE', 'CAP_NET_RAW'] },
    { code: 'EPERM', expected: 'permission-denied', retryable: false, words: ['0.0.0.0:67', '1024'] },
    { code: 'ENODEV', expected: 'socket-failed', retryable: true, words: ['eth0'] },
    { code: 'EADDRNOTAVAIL', expected: 'socket-failed', retryable: true, words: ['0.0.0.0'] },
    { code: 'EMFILE', expected: 'socket-failed', retryable: true, words: ['EMFILE'] },
  ])('$code becomes $expected and says what to do', ({ code, expected, retryable, words }) => {
    const cause = new Error(code);
    const failure = openFailure(binding, code, cause);
    expect({ code: failure.code, retryable: failure.retryable, cause: failure.cause }).toEqual({
      code: expected,
      retryable,
      cause,
    });
    for (const word of words) expect(failure.message).toContain(word);
  });

  it('asks only for what a plain port above 1023 lacks', () => {
    expect(openFailure({ address: binding.address, port: 6767 }, 'EPERM', undefined).message).not.toContain('CAP_NET');
  });
});
