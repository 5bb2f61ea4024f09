import { connect, createServer, type ListenOptions, type NetConnectOpts, type Server, type Socket } from 'node:net';

/** Where a relay listens and where it takes each connection. */
export interface StreamRelay {
  readonly listen: Pick<ListenOptions, 'host' | 'port' | 'path'>;
  readonly target: NetConnectOpts;
}

/** Passes every connection to `listen` on to `target`, both ways, until the server is closed. */
export async function openStreamRelay({ listen, target }: StreamRelay): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (client) => {
    join(client, connect({ ...target, allowHalfOpen: true }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listen, resolve);
  });
  return server;
}

function join(client: Socket, target: Socket): void {
  const sides = [
    [client, target],
    [target, client],
  ] as const;
  for (const [from, to] of sides) {
    from.pipe(to);
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
  }
}
