import { builtinProfiles, isUnfinished } from '@rackwright/domain-provisioning';
import {
  encodeRecord,
  keyspace,
  PROFILES_PREFIX,
  ROOT_PREFIX,
  type PageQuery,
  type ProfileRecord,
  type ProfileView,
  type PutProfile,
  type Store,
  type TemplateEngine,
} from '@rackwright/contracts';
import { ProblemError, requireMatch, type IfMatch } from '@rackwright/platform';
import { pageItems, type Page } from '../http/page-items.js';
import { conflictOf, refuseBody } from '../http/refusals.js';
import type { StateView } from '../state-view/state-view.js';
import { readRecord } from '../store/read-records.js';
import { unchangedSince, writeChange } from '../store/written-change.js';
import { taskPath } from '../tasks/task-problems.js';
import { profileViews } from './profile-record.js';

export interface ProfileParts {
  readonly store: Store;
  readonly view: StateView;
  /** Checks templates; without one they are taken as they are. */
  readonly templates: TemplateEngine | undefined;
}

/** Install recipes: built-in ones, and stored ones, which take the place of built-in ones of the same name. */
export class ProfileCatalog {
  readonly #parts: ProfileParts;

  constructor(parts: ProfileParts) {
    this.#parts = parts;
  }

  async list(query: PageQuery): Promise<Page<ProfileView>> {
    const state = await this.#parts.view.fresh(PROFILES_PREFIX);
    return pageItems(profileViews(state), query, { placeOf: ({ name }) => name });
  }

  /** Throws 404. */
  async get(name: string): Promise<ProfileView> {
    const state = await this.#parts.view.fresh(PROFILES_PREFIX);
    const found = profileViews(state).find((profile) => profile.name === name);
    if (found === undefined) throw profileNotFound(name);
    return found;
  }

  /** Creates or replaces a stored profile. Throws 400 for a template that cannot be parsed. */
  async put(name: string, body: PutProfile, ifMatch: IfMatch): Promise<{ readonly isNew: boolean }> {
    const { store, templates } = this.#parts;
    const fault = body.template === undefined ? undefined : templates?.check(body.template);
    if (fault !== undefined) refuseBody([{ pointer: '/template', detail: `template: ${fault.message}` }]);
    const record: ProfileRecord = { ...body, name };
    const { outcome } = await writeChange(store, async () => {
      const found = await readRecord(store, keyspace.profile, { name });
      requireMatch(ifMatch, found?.revision);
      const key = keyspace.profile.key({ name });
      return {
        comparisons: [unchangedSince(key, found)],
        writes: [{ kind: 'put', key, value: encodeRecord(record) }],
        outcome: { isNew: found === undefined },
        witness: key,
      };
    });
    return outcome;
  }

  /** Deletes a stored profile, which brings back a built-in one of that name. Throws 404, and 409 while it is needed. */
  async remove(name: string, ifMatch: IfMatch): Promise<void> {
    const { store, view } = this.#parts;
    const isBuiltin = builtinProfiles.some((profile) => profile.name === name);
    await writeChange(store, async () => {
      const state = await view.fresh(ROOT_PREFIX);
      const found = await readRecord(store, keyspace.profile, { name });
      if (found === undefined && isBuiltin) {
        throw conflictOf({ pointer: '', detail: `Profile ${name} is built in and cannot be deleted` });
      }
      if (found === undefined) throw profileNotFound(name);
      requireMatch(ifMatch, found.revision);
      const user = state.tasks.list().find(({ value }) => value.profile === name && isUnfinished(value.status));
      if (user !== undefined && !isBuiltin) {
        const detail = `The unfinished task of machine ${user.value.sn} in ${user.value.idc} needs profile ${name}`;
        throw conflictOf({ pointer: '', detail }, taskPath(user.value));
      }
      return {
        comparisons: [unchangedSince(found.key, found)],
        writes: [{ kind: 'delete', key: found.key }],
        outcome: undefined,
        witness: found.key,
      };
    });
  }
}

function profileNotFound(name: string): ProblemError {
  return new ProblemError('profile-not-found', `There is no profile ${name}`);
}
