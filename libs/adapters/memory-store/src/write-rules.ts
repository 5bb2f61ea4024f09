import { MAX_TRANSACTION_OPS, type Write } from '@rackwright/contracts';
import { OperationalError } from '@rackwright/kernel';

/** etcd's default `--max-request-bytes`. */
const MAX_REQUEST_OCTETS = 1_572_864;

/** Throws what the real store would refuse: too much at once, or one key written twice. */
export function assertWritable(writes: readonly Write[]): void {
  const octets = writes.reduce((sum, write) => sum + octetsOf(write), 0);
  if (octets > MAX_REQUEST_OCTETS) throw refused('the request is too large');
  const puts = writes.filter((write) => write.kind === 'put').map((write) => write.key);
  if (new Set(puts).size < puts.length) throw refused('a key is written twice');
  if (puts.some((key) => writes.some((write) => deletes(write, key)))) throw refused('a key is written and deleted');
}

/** Throws when more operations than the store takes are asked for at once. */
export function assertBounded(count: number, what: string): void {
  if (count > MAX_TRANSACTION_OPS) {
    throw new RangeError(`${count} ${what} in one transaction, at most ${MAX_TRANSACTION_OPS} are possible`);
  }
}

function octetsOf(write: Write): number {
  return write.kind === 'put' ? Buffer.byteLength(write.key) + Buffer.byteLength(write.value) : 0;
}

function deletes(write: Write, key: string): boolean {
  if (write.kind === 'delete') return write.key === key;
  return write.kind === 'delete-prefix' && key.startsWith(write.prefix);
}

function refused(message: string): OperationalError {
  return new OperationalError(message, { code: 'store-refused', retryable: false });
}
