import { OperationalError } from '@rackwright/kernel';
import type { DatagramBinding } from '@rackwright/contracts';

const PRIVILEGED_PORTS_END = 1024;

/** Puts the failure of a socket call into the words of the person who has to fix it. */
export function openFailure(binding: DatagramBinding, code: string, cause: unknown): OperationalError {
  const where = `UDP ${binding.address}:${binding.port}`;
  switch (code) {
    case 'EADDRINUSE':
      return new OperationalError(`${where} is in use by another process`, {
        code: 'address-in-use',
        retryable: true,
        cause,
      });
    case 'EACCES':
    case 'EPERM':
      return new OperationalError(`no permission to bind ${where}: ${remedyFor(binding)}`, {
        code: 'permission-denied',
        retryable: false,
        cause,
      });
    default:
      return new OperationalError(`cannot bind ${where}: ${reasonOf(binding, code)}`, {
        code: 'socket-failed',
        retryable: true,
        cause,
      });
  }
}

function remedyFor({ port, interfaceName }: DatagramBinding): string {
  const needs = [
    ...(port < PRIVILEGED_PORTS_END ? ['CAP_NET_BIND_SERVICE'] : []),
    ...(interfaceName === undefined ? [] : ['CAP_NET_RAW']),
  ];
  const capabilities = needs.length === 0 ? 'the missing capability' : needs.join(' and ');
  return `grant ${capabilities}, let systemd pass the socket, or use a port of ${PRIVILEGED_PORTS_END} or above`;
}

function reasonOf({ address, interfaceName }: DatagramBinding, code: string): string {
  if (code === 'EADDRNOTAVAIL') return `no interface has the address ${address}`;
  if (code === 'ENODEV' && interfaceName !== undefined) return `there is no interface ${interfaceName}`;
  return code;
}
