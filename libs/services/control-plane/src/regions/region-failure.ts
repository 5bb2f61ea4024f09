import { OperationalError } from '@rackwright/kernel';

/** Turns the silence of a region into a failure that names its IDC. */
export function regionFailure(error: unknown, idc: string): unknown {
  if (!(error instanceof OperationalError)) return error;
  if (error.code !== 'no-responder' && error.code !== 'request-timeout') return error;
  const said = error.code === 'no-responder' ? 'is not connected' : 'did not answer in time';
  return new OperationalError(`The region of ${idc} ${said}`, {
    code: 'region-unavailable',
    retryable: true,
    cause: error,
  });
}
