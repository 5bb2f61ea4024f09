import { describe, expect, it } from 'vitest';
import { parseMac, type Mac } from '@rackwright/kernel';
import { task } from '../answer-files/answer-file-fixture.js';
import { isoPatch } from './iso-patch.js';

const machine = { mac: parseMac('020000000001') as Mac, baseUrl: 'http://10.0.0.1:8081', extraArgs: '' };
const textOf = (result: ReturnType<typeof isoPatch>): string =>
  result.ok ? Buffer.from(result.value).toString('latin1') : JSON.stringify(result.fault);

describe('isoPatch', () => {
  it('fills the room with arguments and spaces', () => {
    const text = textOf(isoPatch({ ...machine, extraArgs: 'console=ttyS0,115200  quiet' }, 120));
    expect(text).toBe('console=ttyS0,115200 quiet rw.url=http://10.0.0.1:8081 rw.mac=02:00:00:00:00:01'.padEnd(120));
  });

  it('names the attempt of a machine that is being installed', () => {
    const text = textOf(isoPatch({ ...machine, task: task({ kernel_args: 'nomodeset' }) }, 400));
    expect(text).toContain(`rw.agent rw.task=task-0a1b2c3d rw.token=${task().boot.token} rw.sn=sn-001 nomodeset `);
  });

  it('refuses what does not fit and what a boot loader would take for its own', () => {
    expect(isoPatch(machine, 20)).toMatchObject({ ok: false, fault: { code: 'patch-too-long', room: 20 } });
    for (const extraArgs of [
      'a;b',
      'a$b',
      'a{b}',
      "a'b",
      'a"b',
      'a\\b',
      'a|b',
      'a&b',
      'a<b',
      'a#b',
      'a*b',
      'é',
      'a\tb',
    ]) {
      expect([extraArgs, isoPatch({ ...machine, extraArgs }, 300).ok]).toEqual([extraArgs, false]);
    }
  });
});
