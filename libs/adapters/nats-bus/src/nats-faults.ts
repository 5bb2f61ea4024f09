import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';
import { OperationalError } from '@rackwright/kernel';

const HTTP_UNAVAILABLE = 503;

/** NATS is away, or was lost while the call was in hand. */
export function busUnavailable(cause?: unknown): OperationalError {
  return new OperationalError('NATS is not reachable', { code: 'bus-unavailable', retryable: true, cause });
}

/** A deadline passed; `what` says of which call. */
export function timedOut(what: string, cause?: unknown): OperationalError {
  return new OperationalError(`${what} was not answered in time`, { code: 'request-timeout', retryable: true, cause });
}

/** Turns whatever the NATS client throws into the errors the port promises. */
export function toOperational(error: unknown, what: string): OperationalError {
  if (error instanceof OperationalError) return error;
  if (isNoResponders(error)) {
    return new OperationalError(`nobody serves ${what}`, { code: 'no-responder', retryable: true, cause: error });
  }
  if (error instanceof errors.TimeoutError) return timedOut(what, error);
  if (error instanceof errors.InvalidArgumentError) {
    const message = `${what} does not fit into one message`;
    return new OperationalError(message, { code: 'payload-too-large', retryable: false, cause: error });
  }
  if (originOf(error) instanceof errors.PermissionViolationError) {
    return new OperationalError(`NATS refused ${what}`, { code: 'bus-refused', retryable: false, cause: error });
  }
  return busUnavailable(error);
}

/** Whether the same JetStream call may succeed in a moment on the same connection. */
export function isPassing(error: unknown): boolean {
  if (error instanceof errors.TimeoutError || isNoResponders(error)) return true;
  return error instanceof JetStreamApiError && (error.status === HTTP_UNAVAILABLE || isStreamMissing(error));
}

/** Code of the JetStream API for a message whose `Nats-Expected-Last-Msg-Id` is not that of the last one stored. */
const WRONG_LAST_MESSAGE_ID = 10_070;

/** Whether the message before this one is not the last of the stream: it was there already, or was not stored. */
export function isOutOfOrder(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === WRONG_LAST_MESSAGE_ID;
}

/** Whether the call failed because the stream does not exist: nobody listens on its subjects, or the API says so. */
export function isStreamMissing(error: unknown): boolean {
  if (isNoResponders(error)) return true;
  return error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound;
}

function isNoResponders(error: unknown): boolean {
  return originOf(error) instanceof errors.NoRespondersError;
}

/** The client wraps what went wrong into request errors, at times twice. */
function originOf(error: unknown): unknown {
  let origin = error;
  while (origin instanceof Error && origin.cause instanceof Error) origin = origin.cause;
  return origin;
}
