import { ProblemError } from '@rackwright/platform';

/** Seconds after which a machine asks again; etcd is tried more often. */
const RETRY_AFTER_SECONDS = 5;

/** How a machine is answered that may well be right, but whose task is not in the view before etcd was read. */
export function viewUnconfirmed(): ProblemError {
  return new ProblemError('store-unavailable', 'The region has not reached etcd since it started; ask again', {
    headers: { 'retry-after': String(RETRY_AFTER_SECONDS) },
  });
}
