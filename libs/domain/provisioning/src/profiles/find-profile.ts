import type { Profile } from './profile.js';

/** What names an OS in a request. */
export interface ProfileQuery {
  /** Takes precedence when given. */
  readonly profile?: string;
  readonly os_type: string;
  readonly os_version: string;
}

function normal(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/[\s_]+/g, '-');
}

const names = new WeakMap<Profile, readonly string[]>();

function namesOf(profile: Profile): readonly string[] {
  const known = names.get(profile) ?? [profile.name, ...profile.aliases].map(normal);
  names.set(profile, known);
  return known;
}

/**
 * Finds a profile by name or alias in any letter case: `Ubuntu 22.04` with version `22.04`, and `ubuntu` with version
 * `22.04`, are the same profile. `undefined` when none answers to the name.
 */
export function findProfile(profiles: readonly Profile[], query: ProfileQuery): Profile | undefined {
  const asked = query.profile === undefined ? [`${query.os_type}-${query.os_version}`, query.os_type] : [query.profile];
  for (const name of asked.map(normal)) {
    const found = profiles.find((profile) => namesOf(profile).includes(name));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Stored profiles over built-in ones, by name. */
export function mergeProfiles(builtin: readonly Profile[], stored: readonly Profile[]): readonly Profile[] {
  const names = new Set(stored.map((profile) => profile.name));
  return [...stored, ...builtin.filter((profile) => !names.has(profile.name))];
}
