import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemRandom } from '@rackwright/platform';
import { task } from '../answer-files/answer-file-fixture.js';
import { runBootPlane, TestRegion, type PlaneAdapters, type RunningPlane } from '../boot-plane/boot-plane-fixture.js';
import { idleMetrics } from '../http-boot/raw-http-fixture.js';
import { TestUpstream } from './iso-upstream-fixture.js';

export const MAGIC = 'magic-string-of-this-test-'.padEnd(300, 'x');
export const MAC = task().mac;
export const MIB = 1_048_576;
/** Octets that may be lost between two processes when a connection breaks. */
export const ON_ITS_WAY = 262_144;

/** Random octets with the magic at two places: one across the edge of what is read at once. */
export function image(sizeBytes: number): Buffer {
  const bytes = Buffer.from(systemRandom.bytes(sizeBytes));
  bytes.write(MAGIC, 50_000, 'latin1');
  bytes.write(MAGIC, Math.min(MIB - 100, sizeBytes - 1_000), 'latin1');
  return bytes;
}

interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stateDir?: string;
}

/** Upstreams and boot planes of one test. */
export class IsoLab {
  readonly #adapters: () => PlaneAdapters;
  readonly #closing: AsyncDisposable[] = [];

  constructor(adapters: () => PlaneAdapters) {
    this.#adapters = adapters;
  }

  async upstreamWith(bytes: Buffer): Promise<{ readonly upstream: TestUpstream; readonly url: string }> {
    const upstream = new TestUpstream(bytes);
    const url = await upstream.listen();
    this.#closing.push(upstream);
    return { upstream, url };
  }

  async run(upstreams: string, { env = {}, stateDir }: RunOptions = {}): Promise<RunningPlane> {
    const region = new TestRegion();
    region.put(task());
    const running = await runBootPlane(this.#adapters(), {
      region,
      env: {
        RW_DHCP_MODE: 'off',
        RW_TFTP_ENABLED: 'false',
        RW_ISO_UPSTREAMS: upstreams,
        RW_ISO_MAGIC: MAGIC,
        // A slow disk is waited for: what is refused here is refused because of its cause.
        RW_ISO_WAIT: '10m',
        ...env,
      },
      ...(stateDir === undefined ? {} : { stateDir }),
    });
    this.#closing.push(running);
    return running;
  }

  async stop(running: RunningPlane): Promise<void> {
    this.#closing.splice(this.#closing.indexOf(running), 1);
    await running[Symbol.asyncDispose]();
  }

  async close(): Promise<void> {
    for (const each of this.#closing.splice(0).reverse()) await each[Symbol.asyncDispose]();
  }
}

/** Whether so many images are written down as complete and none is being read: each can make room for others. */
export async function isCachedWhole(running: RunningPlane, count: number): Promise<boolean> {
  const directory = join(running.stateDir, 'iso');
  const records = (await readdir(directory)).filter((name) => name.endsWith('.iso.json'));
  const texts = await Promise.all(records.map((name) => readFile(join(directory, name), 'utf8')));
  const whole = texts.filter((text) => (JSON.parse(text) as { readonly isComplete: boolean }).isComplete);
  return whole.length === count && records.length === count && (await idleMetrics(running)) !== undefined;
}

/** The arguments of the machine of {@link task}. */
export function argsOf(base: string): string {
  const { task_id: id, boot, sn, kernel_args: own } = task();
  const args = `rw.url=${base} rw.mac=00:1a:2b:3c:4d:5e rw.agent rw.task=${id} rw.token=${boot.token} rw.sn=${sn}`;
  return own === '' ? args : `${args} ${own}`;
}

export function patched(bytes: Buffer, args: string): Buffer {
  const patch = Buffer.from(args.padEnd(MAGIC.length), 'latin1');
  const copy = Buffer.from(bytes);
  for (let at = copy.indexOf(MAGIC); at !== -1; at = copy.indexOf(MAGIC)) patch.copy(copy, at);
  return copy;
}

export const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export interface Got {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

export async function get(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Got> {
  const response = await fetch(url, { headers, method });
  return { status: response.status, headers: response.headers, body: Buffer.from(await response.arrayBuffer()) };
}
