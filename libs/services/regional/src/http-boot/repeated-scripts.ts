import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BootScriptChoice, LeaseLookup } from '@rackwright/domain-netboot';
import type { Ipv4, Mac, Sn } from '@rackwright/kernel';
import type { Shortcut } from '@rackwright/platform';
import type { RegionView, ViewChange } from '../region-view/region-view.port.js';
import type { BootTraces } from '../tracing/boot-traces.js';
import { sourceAddress } from './boot-address.js';

/** Machines of a large data centre, all waiting. */
const MAX_REMEMBERED = 32_768;
/** Ours are half as long; whoever makes them longer shall not fill the memory with them. */
const MAX_URL_CHARS = 512;

export interface RepeatedScriptsParts {
  readonly view: RegionView;
  readonly leases: Pick<LeaseLookup, 'find'>;
  readonly traces: BootTraces;
  readonly publicUrl: () => string;
  /** Told of every script given out again. */
  readonly onServed: (choice: BootScriptChoice) => void;
}

/** A script that was given out, with all it depended on. */
export interface GivenScript {
  readonly mac: Mac;
  readonly choice: BootScriptChoice;
  readonly text: string;
  /** {@link RepeatedScripts.version} before the script was chosen. */
  readonly chosenAt: number;
}

interface Remembered extends GivenScript {
  readonly sn: string | undefined;
  readonly source: Ipv4 | undefined;
  readonly lease: ReturnType<LeaseLookup['find']>;
  readonly trace: string | undefined;
  readonly publicUrl: string;
  readonly headers: readonly string[];
  readonly encoding: 'latin1' | 'utf8';
}

/**
 * Machines that wait, or that find nothing to do but to boot from their disk, ask for the same script over and over. Once
 * it was given in the usual way, it is given again from here, until anything that it follows from changes: no routing, no
 * span and no log line for every poll of every machine; the metrics count them.
 */
export class RepeatedScripts implements Shortcut, Disposable {
  readonly route = '/boot/:mac/boot.ipxe';
  readonly #parts: RepeatedScriptsParts;
  /** By client and URL. */
  readonly #given = new Map<string, Remembered>();
  /** Keys of {@link #given} by MAC and by serial number. */
  readonly #keysOf = new Map<string, Set<string>>();
  readonly #unsubscribe: () => void;
  #version = 0;

  constructor(parts: RepeatedScriptsParts) {
    this.#parts = parts;
    this.#unsubscribe = parts.view.onChange((changes) => {
      this.#version += 1;
      if (this.#given.size > 0) for (const change of changes) this.#forget(change);
    });
  }

  [Symbol.dispose](): void {
    this.#unsubscribe();
    this.#given.clear();
    this.#keysOf.clear();
  }

  /** Another one after every change of the view. */
  get version(): number {
    return this.#version;
  }

  /**
   * A script was given out that the same request gets again. Not to a machine that is no node yet: its next request is
   * needed when this one could not be noted.
   */
  remember(request: IncomingMessage, given: GivenScript): void {
    const key = keyOf(request);
    if (key === undefined || !this.#mayBeRepeated(given)) return;
    const { view, leases, traces, publicUrl } = this.#parts;
    this.#drop(key);
    const [oldest] = this.#given.keys();
    if (this.#given.size >= MAX_REMEMBERED && oldest !== undefined) this.#drop(oldest);
    const source = sourceAddress(clientOf(request));
    const remembered: Remembered = {
      ...given,
      sn: view.taskByMac(given.mac)?.sn,
      source,
      lease: source === undefined ? undefined : leases.find(source),
      trace: traces.of(given.mac),
      publicUrl: publicUrl(),
      headers: headersFor(given.text),
      encoding: ASCII.test(given.text) ? 'latin1' : 'utf8',
    };
    this.#given.set(key, remembered);
    for (const name of namesOf(remembered)) {
      const keys = this.#keysOf.get(name) ?? new Set();
      keys.add(key);
      this.#keysOf.set(name, keys);
    }
  }

  #mayBeRepeated({ mac, chosenAt }: GivenScript): boolean {
    return chosenAt === this.#version && this.#parts.view.nodeByMac(mac) !== undefined;
  }

  answer(request: IncomingMessage, response: ServerResponse): boolean {
    const key = keyOf(request);
    const found = key === undefined ? undefined : this.#given.get(key);
    if (found === undefined || key === undefined) return false;
    if (!this.#isCurrent(found)) {
      this.#drop(key);
      return false;
    }
    this.#parts.onServed(found.choice);
    response.writeHead(200, found.headers as string[]);
    response.end(found.text, found.encoding);
    return true;
  }

  #isCurrent({ source, lease, trace, mac, publicUrl }: Remembered): boolean {
    const { leases, traces } = this.#parts;
    if (publicUrl !== this.#parts.publicUrl() || traces.of(mac) !== trace) return false;
    return source === undefined || leases.find(source) === lease;
  }

  #forget({ kind, id }: ViewChange): void {
    switch (kind) {
      case 'node':
      case 'reservation':
        this.#dropAll(id);
        return;
      case 'task':
        this.#dropAll(id);
        this.#dropAll(this.#parts.view.taskBySn(id as Sn)?.mac);
        return;
      case 'subnet':
      case 'settings':
        this.#given.clear();
        this.#keysOf.clear();
        return;
      default:
    }
  }

  #dropAll(name: string | undefined): void {
    for (const key of (name === undefined ? undefined : this.#keysOf.get(name)) ?? []) this.#drop(key);
  }

  #drop(key: string): void {
    const found = this.#given.get(key);
    if (found === undefined) return;
    this.#given.delete(key);
    for (const name of namesOf(found)) {
      const keys = this.#keysOf.get(name);
      keys?.delete(key);
      if (keys?.size === 0) this.#keysOf.delete(name);
    }
  }
}

function namesOf({ mac, sn }: Remembered): readonly string[] {
  return sn === undefined ? [mac] : [mac, sn];
}

/** Such texts are written without looking at every character again. */
const ASCII = /^[\n\x20-\x7e]*$/;
const BOOT_PREFIX = '/boot/';

/** `undefined` for requests that want more than the script: to be traced, or to be found again by their id. */
function keyOf(request: IncomingMessage): string | undefined {
  const { url = '', headers } = request;
  if (!url.startsWith(BOOT_PREFIX) || url.length > MAX_URL_CHARS) return undefined;
  if (headers['traceparent'] !== undefined || headers['x-request-id'] !== undefined) return undefined;
  return `${clientOf(request)} ${url}`;
}

/** As left by the rule for proxies. */
function clientOf({ headers, socket }: IncomingMessage): string {
  const forwarded = headers['x-forwarded-for'];
  return typeof forwarded === 'string' ? forwarded : (socket.remoteAddress ?? '');
}

function headersFor(text: string): readonly string[] {
  const length = String(Buffer.byteLength(text));
  return ['content-type', 'text/plain; charset=utf-8', 'cache-control', 'no-store', 'content-length', length];
}
