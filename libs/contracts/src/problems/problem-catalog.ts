/** How a problem code is answered over HTTP. */
export interface ProblemSpec {
  readonly status: number;
  readonly title: string;
}

/** Every problem code of the product. A code, once published, keeps its meaning for ever. */
export const problemCatalog = {
  'invalid-request': { status: 400, title: 'Invalid request' },
  'malformed-json': { status: 400, title: 'Malformed JSON' },
  'malformed-http': { status: 400, title: 'Malformed HTTP request' },
  unauthenticated: { status: 401, title: 'Authentication required' },
  forbidden: { status: 403, title: 'Not allowed' },
  'not-found': { status: 404, title: 'Not found' },
  'route-not-found': { status: 404, title: 'No such route' },
  'task-not-found': { status: 404, title: 'Task not found' },
  'machine-not-found': { status: 404, title: 'Machine not found' },
  'node-not-found': { status: 404, title: 'Node not found' },
  'region-not-found': { status: 404, title: 'Region not found' },
  'profile-not-found': { status: 404, title: 'Profile not found' },
  'subnet-not-found': { status: 404, title: 'Subnet not found' },
  'reservation-not-found': { status: 404, title: 'Reservation not found' },
  'command-not-found': { status: 404, title: 'Command not found' },
  'method-not-allowed': { status: 405, title: 'Method not allowed' },
  'request-timeout': { status: 408, title: 'Request not received in time' },
  conflict: { status: 409, title: 'Conflict' },
  'task-active': { status: 409, title: 'The machine has an unfinished task' },
  'task-state-conflict': { status: 409, title: 'The task is in another state' },
  'machine-in-maintenance': { status: 409, title: 'The machine is under maintenance' },
  'task-mismatch': { status: 409, title: 'The report belongs to another attempt' },
  'task-not-installing': { status: 409, title: 'The task is not being installed' },
  'machine-exists': { status: 409, title: 'Machine exists already' },
  'node-exists': { status: 409, title: 'Node exists already' },
  'idempotency-key-reused': { status: 409, title: 'Idempotency key used for another request' },
  'idempotency-key-in-progress': { status: 409, title: 'A request with this idempotency key is being processed' },
  'revision-mismatch': { status: 412, title: 'Changed in the meantime' },
  'body-too-large': { status: 413, title: 'Body too large' },
  'uri-too-long': { status: 414, title: 'URI too long' },
  'unsupported-media-type': { status: 415, title: 'Unsupported media type' },
  'range-not-satisfiable': { status: 416, title: 'Range not satisfiable' },
  'upgrade-required': { status: 426, title: 'Only for WebSocket' },
  'rate-limited': { status: 429, title: 'Too many requests' },
  'headers-too-large': { status: 431, title: 'Request headers too large' },
  internal: { status: 500, title: 'Internal error' },
  'upstream-failed': { status: 502, title: 'The server behind failed' },
  'store-unavailable': { status: 503, title: 'Store unavailable' },
  'bus-unavailable': { status: 503, title: 'Message bus unavailable' },
  'region-unavailable': { status: 503, title: 'Region unavailable' },
  'journal-full': { status: 503, title: 'No room to keep reports until etcd is back' },
  'disk-failed': { status: 503, title: 'Disk failure' },
  'not-ready': { status: 503, title: 'Not ready' },
  unavailable: { status: 503, title: 'Temporarily unavailable' },
} as const satisfies Record<string, ProblemSpec>;

/** A code of the catalogue. */
export type ProblemCode = keyof typeof problemCatalog;

/** Whether `code` is in the catalogue. */
export function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(problemCatalog, code);
}

/** The `type` member of a problem: a URN, stable and not meant to be fetched. */
export function problemType(code: string): string {
  return `urn:rackwright:problem:${code}`;
}
