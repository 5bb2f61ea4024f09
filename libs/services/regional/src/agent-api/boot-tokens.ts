import { timingSafeEqual } from 'node:crypto';
import type { Task } from '@rackwright/domain-provisioning';
import type { Sn } from '@rackwright/kernel';
import { ProblemError } from '@rackwright/platform';
import type { RegionState } from '../region-view/region-state.js';
import { viewUnconfirmed } from '../region-view/view-unconfirmed.js';

const BEARER = /^Bearer ([\x21-\x7e]{1,512})$/i;

/** Knows machines by the boot token of their present attempt (`Authorization: Bearer`, RFC 6750). */
export class BootTokens {
  readonly #state: RegionState;

  constructor(state: RegionState) {
    this.#state = state;
  }

  /** The task whose token this is. */
  find(authorization: string | undefined): Task | undefined {
    const token = BEARER.exec(authorization ?? '')?.[1];
    if (token === undefined) return undefined;
    const task = this.#state.taskByToken(token);
    return task !== undefined && isSameSecret(task.boot.token, token) ? task : undefined;
  }

  /**
   * The task whose token this is. A token that nobody knows is refused with 503 until etcd was read: the task may be newer
   * than what the region knew when it stopped.
   */
  identify(authorization: string | undefined): Task | undefined {
    const task = this.find(authorization);
    if (task === undefined && !this.#state.isConfirmed && BEARER.test(authorization ?? '')) throw viewUnconfirmed();
    return task;
  }

  /**
   * The task whose token this is, as {@link identify} finds it; refused with 401 without one, or when it belongs to a
   * machine other than `sn`.
   */
  require(authorization: string | undefined, sn?: Sn): Task {
    const task = this.identify(authorization);
    if (task !== undefined && (sn === undefined || task.sn === sn)) return task;
    throw new ProblemError('unauthenticated', 'The boot token of the current attempt is required', {
      headers: { 'www-authenticate': 'Bearer realm="rackwright"' },
    });
  }
}

function isSameSecret(left: string, right: string): boolean {
  const [mine, theirs] = [Buffer.from(left), Buffer.from(right)];
  return mine.length === theirs.length && timingSafeEqual(mine, theirs);
}

/** Nest token of {@link BootTokens}. */
export const BOOT_TOKENS = Symbol('BootTokens');
