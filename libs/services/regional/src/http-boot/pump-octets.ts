import type { ServerResponse } from 'node:http';
import type { BufferPair } from './chunk-buffers.js';

/** Fills `target` with the octets of an object from `position` on; gives their number, which may be smaller. */
export type ReadOctets = (target: Uint8Array, position: number) => Promise<number>;

export interface Pumping {
  readonly read: ReadOctets;
  /** Asked when all is read, before the last of it is sent: whether it is all of one and the same object. */
  readonly isCurrent?: (() => Promise<boolean>) | undefined;
  readonly start: number;
  readonly end: number;
  readonly buffers: BufferPair;
}

/** How far a transfer came. `error` is why the object could not be read. */
export interface Pumped {
  readonly octets: number;
  /** Whether the kernel has taken over every octet, so that the buffers are free. */
  readonly isIdle: boolean;
  readonly error?: unknown;
}

/** Sends the octets of an object: one buffer is read while the other is written. Ends early when the client is gone. */
export async function pumpOctets(
  response: ServerResponse,
  { read, isCurrent, start, end, buffers }: Pumping,
): Promise<Pumped> {
  const gone = new Promise<false>((resolve) => {
    response.once('close', () => {
      resolve(false);
    });
  });
  const writes: [Promise<boolean>, Promise<boolean>] = [Promise.resolve(true), Promise.resolve(true)];
  let position = start;
  const finished = (isIdle: boolean, error?: unknown): Pumped => ({ octets: position - start, isIdle, error });
  try {
    for (let turn: 0 | 1 = 0; position < end; turn = turn === 0 ? 1 : 0) {
      if (!(await Promise.race([writes[turn], gone]))) return finished(false);
      const chunk = buffers[turn].subarray(0, end - position);
      const length = await read(chunk, position);
      if (length === 0) return finished(false, new Error('the object ended before its end'));
      if (position + length === end && (await isCurrent?.()) === false) {
        return finished(false, new Error('the object changed while it was sent'));
      }
      writes[turn] = write(response, chunk.subarray(0, length));
      position += length;
    }
  } catch (error) {
    return finished(false, error);
  }
  const [first, second] = await Promise.all(writes.map((written) => Promise.race([written, gone])));
  return finished(first === true && second === true);
}

/** Resolves when the kernel has the octets; to `false` when they will never get there. */
function write(response: ServerResponse, octets: Uint8Array): Promise<boolean> {
  return new Promise((resolve) => {
    response.write(octets, (error) => {
      resolve(error === null || error === undefined);
    });
  });
}
