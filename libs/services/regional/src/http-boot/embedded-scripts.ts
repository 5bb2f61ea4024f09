import type { FileHandle } from 'node:fs/promises';
import { formatMac, type Logger, type Mac } from '@rackwright/kernel';
import { embeddedScript, findEmbeddedScripts } from '@rackwright/protocol-ipxe-script';
import type { Fingerprint } from './file-fingerprint.js';
import type { Overlay } from './overlay.js';

/** Boot binaries are a few megabytes at most; kernels and images are not looked through. */
const MAX_BINARY_BYTES = 16 * 1_048_576;
const MAX_REMEMBERED = 256;

export interface EmbeddedScriptsParts {
  /** Lines, separated by `;`, with `{mac}` and `{script}` for the machine and the URL of its script. */
  readonly template: string;
  readonly logger: Logger;
}

/** The machine that reads a file, and the URL of the region as it reaches it. */
export interface AssetReader {
  readonly mac: Mac;
  readonly baseUrl: string;
}

/** Puts lines for one machine into the script embedded in a boot binary, where the binary has room marked for them. */
export class EmbeddedScripts {
  readonly #parts: EmbeddedScriptsParts;
  /** Places of the marker, by fingerprint of the file. */
  readonly #places = new Map<string, readonly number[]>();

  constructor(parts: EmbeddedScriptsParts) {
    this.#parts = parts;
  }

  /** What differs from the file on disk in the copy for `reader`. */
  async overlaysOf(
    handle: FileHandle,
    fingerprint: Fingerprint,
    reader: AssetReader | undefined,
  ): Promise<readonly Overlay[]> {
    if (this.#parts.template === '' || reader === undefined) return [];
    const places = await this.#placesIn(handle, fingerprint);
    if (places.length === 0) return [];
    const script = embeddedScript(this.#linesFor(reader));
    if (script.ok) return places.map((offset) => ({ offset, octets: script.value }));
    this.#parts.logger.error(
      { mac: reader.mac, fault: script.fault },
      'the embedded script does not fit; the binary is not patched',
    );
    return [];
  }

  #linesFor({ mac, baseUrl }: AssetReader): readonly string[] {
    const { template } = this.#parts;
    const script = `${baseUrl}/boot/${mac}/boot.ipxe`;
    const text = template.replaceAll('{mac}', formatMac(mac)).replaceAll('{script}', script);
    return text.split(';').map((line) => line.trim());
  }

  async #placesIn(handle: FileHandle, { text, sizeBytes }: Fingerprint): Promise<readonly number[]> {
    const known = this.#places.get(text);
    if (known !== undefined) return known;
    if (sizeBytes > MAX_BINARY_BYTES) return [];
    const bytes = Buffer.allocUnsafe(sizeBytes);
    const { bytesRead } = await handle.read(bytes, 0, sizeBytes, 0);
    const places = findEmbeddedScripts(bytes.subarray(0, bytesRead));
    const [oldest] = this.#places.keys();
    if (this.#places.size >= MAX_REMEMBERED && oldest !== undefined) this.#places.delete(oldest);
    this.#places.set(text, places);
    return places;
  }
}
