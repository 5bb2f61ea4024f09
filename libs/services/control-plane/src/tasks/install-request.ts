import { findProfile, type InstallRequest, type Profile } from '@rackwright/domain-provisioning';
import type { CreateTask, FieldProblem } from '@rackwright/contracts';
import { ProblemError } from '@rackwright/platform';
import { without } from '../store/without.js';
import { DEFAULT_PRIORITY } from './task-record.js';

function refuse(problem: FieldProblem): ProblemError {
  return new ProblemError('invalid-request', `Invalid body: ${problem.detail}`, { errors: [problem] });
}

function unknownProfile(body: CreateTask, profiles: readonly Profile[]): ProblemError {
  const known = profiles.map(({ name }) => name).join(', ');
  if (body.profile !== undefined) {
    return refuse({ pointer: '/profile', detail: `profile ${body.profile} is not known; known are ${known}` });
  }
  const asked = `${body.os_type} with os_version ${body.os_version}`;
  return refuse({ pointer: '/os_type', detail: `os_type ${asked} matches no profile; known are ${known}` });
}

/** `9.3` is version `9`, and `22.04.5` is `22.04`; the image profile takes any version. */
function contradicts(profile: Profile, body: CreateTask): boolean {
  if (body.profile !== undefined || profile.family === 'image') return false;
  const asked = body.os_version.trim().toLowerCase();
  const isSame = asked === profile.version.toLowerCase() || asked.startsWith(`${profile.version.toLowerCase()}.`);
  const isAlias = profile.aliases.some((alias) => alias.toLowerCase() === asked);
  const isFullName = asked.replace(/[\s_]+/g, '-') === profile.name;
  return !isSame && !isAlias && !isFullName;
}

/** What a validated body asks for; `undefined` when none of these profiles fits it. */
export function findInstallRequest(body: CreateTask, profiles: readonly Profile[]): InstallRequest | undefined {
  const profile = findProfile(profiles, body);
  return profile === undefined || contradicts(profile, body) ? undefined : requestWith(profile, body);
}

/** What a validated body asks for; throws a 400 that points at the field when no profile fits. */
export function installRequestFrom(body: CreateTask, profiles: readonly Profile[]): InstallRequest {
  const profile = findProfile(profiles, body);
  if (profile === undefined) throw unknownProfile(body, profiles);
  if (contradicts(profile, body)) {
    const detail = `os_version ${body.os_version} contradicts os_type ${body.os_type}, which is version ${profile.version}`;
    throw refuse({ pointer: '/os_version', detail });
  }
  return requestWith(profile, body);
}

function requestWith(profile: Profile, body: CreateTask): InstallRequest {
  return {
    ...without(body, 'auto_approve'),
    profile: profile.name,
    ssh_keys: body.ssh_keys ?? [],
    packages: body.packages ?? [],
    kernel_args: body.kernel_args ?? '',
    tags: body.tags ?? {},
    priority: body.priority ?? DEFAULT_PRIORITY,
  };
}
