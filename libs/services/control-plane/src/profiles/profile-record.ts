import { builtinProfiles, mergeProfiles, type Profile } from '@rackwright/domain-provisioning';
import type { ProfileRecord, ProfileView, Revision } from '@rackwright/contracts';
import type { SiteState } from '../state-view/site-state.js';
import type { Stored } from '../state-view/record-table.js';

/** The profile a record holds. */
function profileOf(record: ProfileRecord): Profile {
  const { arch = 'x86_64', aliases = [], kernel_args = '', defaults = {}, initrds, template, ...rest } = record;
  return {
    ...rest,
    arch,
    aliases,
    kernel_args,
    defaults,
    initrds: initrds.map(({ path }) => path),
    ...(template === undefined ? {} : { template }),
  };
}

/** Stored profiles over built-in ones. */
export function allProfiles(stored: readonly Stored<ProfileRecord>[]): readonly Profile[] {
  return mergeProfiles(
    builtinProfiles,
    stored.map(({ value }) => profileOf(value)),
  );
}

/** A profile as the API shows it; `revision` is absent for a built-in one. */
function profileView(profile: Profile, revision: Revision | undefined): ProfileView {
  const { family, initrds, ...rest } = profile;
  return {
    ...rest,
    family: family as ProfileView['family'],
    initrds: initrds.map((path) => ({ path })),
    defaults: { ...profile.defaults },
    builtin: revision === undefined,
    ...(revision === undefined ? {} : { revision: revision.toString() }),
  };
}

/** Every profile there is, by name. */
export function profileViews(state: SiteState): readonly ProfileView[] {
  return allProfiles(state.profiles.list())
    .map((profile) => profileView(profile, state.profiles.get({ name: profile.name })?.revision))
    .sort((left, right) => (left.name < right.name ? -1 : 1));
}
