import type { StreamBinding } from '@rackwright/contracts';
import { OperationalError } from '@rackwright/kernel';

const PRIVILEGED_PORTS_END = 1024;

/** Puts the failure to listen into the words of the person who has to fix it. */
export function listenFailure({ address, port }: StreamBinding, cause: NodeJS.ErrnoException): OperationalError {
  const where = `TCP ${address}:${port}`;
  switch (cause.code) {
    case 'EADDRINUSE':
      return new OperationalError(`${where} is in use by another process`, {
        code: 'address-in-use',
        retryable: true,
        cause,
      });
    case 'EACCES':
    case 'EPERM':
      return new OperationalError(
        `no permission to bind ${where}: grant CAP_NET_BIND_SERVICE, or use a port of ${PRIVILEGED_PORTS_END} or above`,
        { code: 'permission-denied', retryable: false, cause },
      );
    default: {
      const reason = cause.code === 'EADDRNOTAVAIL' ? `no interface has the address ${address}` : cause.message;
      return new OperationalError(`cannot bind ${where}: ${reason}`, { code: 'socket-failed', retryable: true, cause });
    }
  }
}
