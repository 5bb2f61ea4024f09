import { connect, type Socket } from 'node:net';
import type { RunningPlane } from '../boot-plane/boot-plane-fixture.js';

/** A connection on which a test says exactly which octets are sent, and sees all that come back. */
export class RawConnection {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  #received = '';
  #isClosed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#received += chunk.toString('latin1');
    });
    // A reset ends a connection like anything else; 'close' follows.
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#isClosed = true;
        resolve();
      });
    });
  }

  static open(port: number): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new RawConnection(socket));
      });
    });
  }

  get received(): string {
    return this.#received;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  send(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** Header lines of the first answer, without those that differ from moment to moment. */
  get headers(): readonly string[] {
    const [head = ''] = this.#received.split('\r\n\r\n', 1);
    return head.split('\r\n').filter((line) => !/^(?:date|x-request-id|keep-alive):/i.test(line));
  }

  get body(): string {
    return this.#received.slice(this.#received.indexOf('\r\n\r\n') + 4);
  }
}

/** Everything that a server says to `text` before it closes the connection. */
export async function exchange(port: number, text: string): Promise<RawConnection> {
  const connection = await RawConnection.open(port);
  connection.send(text);
  await connection.closed;
  return connection;
}

/**
 * The metrics while no file is being sent, `undefined` while one is: a client may have all of a file before that is
 * counted.
 */
export async function idleMetrics({ metrics }: Pick<RunningPlane, 'metrics'>): Promise<string | undefined> {
  const text = await metrics.render();
  return text.includes('rw_http_transfers 0\n') ? text : undefined;
}
