import { builtinProfiles, type Profile, type Task } from '@rackwright/domain-provisioning';
import { parseIdc, parseInstant, parseMac, parseSn } from '@rackwright/kernel';
import type { AnswerFileInput } from './template-facts.js';

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('fixture value does not parse');
  return value;
}

const AT = must(parseInstant('2026-01-01T00:00:00Z'));

/** An approved task. */
export function task(more: Partial<Task> = {}): Task {
  return {
    idc: must(parseIdc('dc1')),
    sn: must(parseSn('sn-001')),
    mac: must(parseMac('00:1a:2b:3c:4d:5e')),
    hostname: 'node-001.example.org',
    os_type: 'debian',
    os_version: '12',
    profile: 'debian-12',
    ssh_keys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB1x admin@example.org'],
    packages: ['htop', 'libstdc++6'],
    kernel_args: 'console=ttyS0,115200n8',
    tags: {},
    priority: 5,
    task_id: 'task-0a1b2c3d',
    status: 'approved',
    attempt: 1,
    progress: [],
    percent: 0,
    logs: [],
    status_history: [],
    pxe_configured: true,
    created_at: AT,
    updated_at: AT,
    created_by: 'alice',
    boot: { token: 'c0ffee00c0ffee00c0ffee00c0ffee00', boots: 0, operations_done: [] },
    event_count: 2,
    ...more,
  };
}

export function profile(name: string, more: Partial<Profile> = {}): Profile {
  return { ...must(builtinProfiles.find((each) => each.name === name)), ...more };
}

export function answerInput(name: string, more: Partial<AnswerFileInput> = {}): AnswerFileInput {
  return {
    task: task(),
    profile: profile(name),
    baseUrl: 'http://10.0.0.1:8081',
    token: task().boot.token,
    network: { method: 'dhcp' },
    ntp: ['10.0.0.123'],
    ...more,
  };
}
