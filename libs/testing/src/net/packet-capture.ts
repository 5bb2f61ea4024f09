import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findBinary, launchProcess, type LaunchedProcess } from '../launchers/launch-process.js';
import { waitFor } from '../wait-for.js';

/** What to listen to. */
export interface CaptureSetup {
  /** Default: that of this process. */
  readonly networkNamespace?: string;
  readonly interfaceName: string;
  /** Which packets, as pcap-filter(7); default: all. */
  readonly filter?: string;
  /** Seen from the host of the interface; default: both. */
  readonly direction?: 'in' | 'out';
}

/** One Ethernet frame as it passed the interface. */
export type CapturedFrame = Uint8Array;

const run = promisify(execFile);
const INSTALL_HINT = 'apt-get install tcpdump';
const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;

/** Every frame that passes an interface, from {@link start} on, by Debian's tcpdump. Needs root. */
export class PacketCapture implements AsyncDisposable {
  readonly #path: string;
  readonly #process: LaunchedProcess;

  private constructor(path: string, process: LaunchedProcess) {
    this.#path = path;
    this.#process = process;
  }

  /** Resolves once nothing that passes is missed. */
  static async start(setup: CaptureSetup): Promise<PacketCapture> {
    const path = join(tmpdir(), `rackwright-capture-${String(process.pid)}-${randomBytes(4).toString('hex')}.pcap`);
    const child = await launchProcess({
      command: 'tcpdump',
      args: [
        ...['--immediate-mode', '-U', '-n', '-Z', 'root', '-i', setup.interfaceName, '-w', path],
        ...(setup.direction === undefined ? [] : ['-Q', setup.direction]),
        ...(setup.filter === undefined ? [] : [setup.filter]),
      ],
      installHint: INSTALL_HINT,
      ...(setup.networkNamespace === undefined ? {} : { networkNamespace: setup.networkNamespace }),
    });
    await waitFor(() => child.hasExited() || child.output().includes('listening on'), { what: 'tcpdump listens' });
    if (child.hasExited()) throw new Error(`tcpdump ended:\n${child.output()}`);
    return new PacketCapture(path, child);
  }

  /** What passed so far. */
  async frames(): Promise<readonly CapturedFrame[]> {
    return decodeCapture(await readFile(this.#path));
  }

  /** Waits until `count` frames passed; gives all that did. */
  async waitForFrames(count: number, what: string): Promise<readonly CapturedFrame[]> {
    return waitFor(
      async () => {
        const frames = await this.frames();
        return frames.length >= count && frames;
      },
      { what },
    );
  }

  /** tcpdump's own reading of the frames, one paragraph each, with its verdict on their checksums. */
  async describe(): Promise<string> {
    const tcpdump = findBinary('tcpdump', INSTALL_HINT);
    // It fails at a record that is still being written.
    return waitFor(async () => (await run(tcpdump, ['-n', '-e', '-vvv', '-r', this.#path])).stdout, {
      what: 'tcpdump reads the frames',
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop();
    await rm(this.#path, { force: true });
  }
}

/** The classic capture file in host order; a record that is still being written is left for later. */
function decodeCapture(file: Buffer): readonly CapturedFrame[] {
  const frames: CapturedFrame[] = [];
  let offset = FILE_HEADER_BYTES;
  while (offset + RECORD_HEADER_BYTES <= file.length) {
    const start = offset + RECORD_HEADER_BYTES;
    offset = start + file.readUInt32LE(offset + 8);
    if (offset <= file.length) frames.push(file.subarray(start, offset));
  }
  return frames;
}
