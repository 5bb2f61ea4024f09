import type { LeaseId } from '@rackwright/contracts';
import type { ILeaseKeepAliveRequest, ILeaseKeepAliveResponse } from 'etcd3';
import type { EtcdConnection } from './etcd-connection.js';

/** The part of a gRPC duplex stream used here. */
interface DuplexStream {
  on(event: 'data', listener: (reply: ILeaseKeepAliveResponse) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  write(request: ILeaseKeepAliveRequest): void;
  end(): void;
}

/** Grants a lease; resolves with its id and the lifetime etcd made of the one asked for. */
export async function grantLease(
  connection: EtcdConnection,
  ttlSeconds: number,
): Promise<{ readonly id: LeaseId; readonly ttlSeconds: number }> {
  const reply = await connection.write('etcd.lease-grant', (client, options) =>
    client.leaseClient.leaseGrant({ TTL: ttlSeconds }, options),
  );
  return { id: reply.ID, ttlSeconds: Number(reply.TTL) };
}

/** Ends a lease and deletes its keys. */
export async function revokeLease(connection: EtcdConnection, id: LeaseId): Promise<void> {
  await connection.write('etcd.lease-revoke', (client, options) => client.leaseClient.leaseRevoke({ ID: id }, options));
}

/** Renews a lease through a stream of its own, so that a dead one never costs more than one attempt. */
export function keepLeaseAlive(connection: EtcdConnection, id: LeaseId, timeoutMs: number): Promise<number> {
  return connection.once(
    'etcd.lease-keepalive',
    async (client, options) => exchange(await client.leaseClient.leaseKeepAlive(options), id),
    timeoutMs,
  );
}

function exchange(stream: DuplexStream, id: LeaseId): Promise<number> {
  return new Promise((resolve, reject) => {
    stream.on('error', reject);
    stream.on('end', () => {
      reject(new Error('etcd ended the keepalive stream without an answer'));
    });
    stream.on('data', (reply) => {
      resolve(Number(reply.TTL));
      stream.end();
    });
    stream.write({ ID: id });
  });
}
