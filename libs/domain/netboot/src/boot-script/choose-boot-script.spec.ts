import { describe, expect, it } from 'vitest';
import { chooseBootScript, type BootScriptFacts } from './choose-boot-script.js';

type Status = NonNullable<BootScriptFacts['task']>['status'];

const task = (status: Status, consumed = false): BootScriptFacts['task'] & object => ({
  status,
  boot: consumed ? { consumed_at: '2026-01-01T00:00:00.000Z' } : {},
});

describe('chooseBootScript', () => {
  it.each([
    [{}, 'wait', 'machine-unknown'],
    [{ node: { status: 'discovered' } }, 'wait', 'machine-discovered'],
    [{ task: task('pending') }, 'wait', 'task-not-approved'],
    [{ task: task('pending'), node: { status: 'installed' } }, 'local-boot', 'machine-installed'],
    [{ task: task('approved'), node: { status: 'discovered' } }, 'install', 'task-approved'],
    [{ task: task('installing') }, 'install', 'task-approved'],
    [{ task: task('installing', true) }, 'local-boot', 'token-consumed'],
    [{ task: task('completed', true), node: { status: 'discovered' } }, 'local-boot', 'task-over'],
    [{ task: task('failed') }, 'local-boot', 'task-over'],
    [{ task: task('cancelled') }, 'wait', 'task-not-approved'],
    [{ task: task('cancelled'), node: { status: 'discovered' } }, 'wait', 'machine-discovered'],
    [{ task: task('cancelled', true), node: { status: 'installing' } }, 'local-boot', 'machine-installed'],
    [{ task: task('rejected'), node: { status: 'discovered' } }, 'wait', 'machine-discovered'],
    [{ node: { status: 'rescue' } }, 'rescue', 'machine-in-rescue'],
    [{ node: { status: 'online' } }, 'local-boot', 'machine-installed'],
    [
      { task: task('approved'), node: { status: 'installed', boot_override: 'local-boot' } },
      'local-boot',
      'boot-override',
    ],
    [{ node: { status: 'installed', boot_override: 'rescue' } }, 'rescue', 'boot-override'],
    [{ hasOwnScript: true }, 'own', 'own-script'],
    [{ hasOwnScript: true, node: { status: 'installed' } }, 'own', 'own-script'],
    [{ hasOwnScript: true, node: { status: 'rescue' } }, 'rescue', 'machine-in-rescue'],
    [{ hasOwnScript: true, task: task('approved') }, 'install', 'task-approved'],
    [{ hasOwnScript: true, task: task('completed') }, 'local-boot', 'task-over'],
    [{ hasOwnScript: true, task: task('pending') }, 'own', 'own-script'],
    [{ hasOwnScript: true, allowNetboot: false }, 'local-boot', 'netboot-disabled'],
    [{ allowNetboot: false, task: task('approved') }, 'local-boot', 'netboot-disabled'],
  ] as const)('%j boots %s', (facts: BootScriptFacts, script, reason) => {
    expect(chooseBootScript(facts)).toEqual({ script, reason });
  });
});
