import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { launchProcess } from '../launchers/launch-process.js';
import { typescriptArguments } from '../launchers/typescript-arguments.js';
import { waitFor } from '../wait-for.js';
import { NetworkNamespace } from './network-namespace.js';
import { openStreamRelay, type StreamRelay } from './stream-relay.js';

/** TCP ports that are reachable across the border of a {@link PrivateNetwork}. */
export interface NetworkDoors {
  /** Ports of the loopback outside, made reachable at the same port of the loopback inside. */
  readonly inward: readonly number[];
  /** Ports of the gateway's address inside, made reachable on a free port of the loopback outside. */
  readonly outward: readonly number[];
}

const BRIDGE = 'br0';
const GATEWAY = '10.99.0.1';
const PREFIX_LENGTH = 24;

/** A wire that only the machines and servers of one test are plugged into; nothing is routed in or out. */
export class PrivateNetwork implements AsyncDisposable {
  /** The interface of the servers. */
  readonly bridge = BRIDGE;
  /** The address of the servers, 10.99.0.1 in 10.99.0.0/24. */
  readonly gateway = GATEWAY;
  readonly #namespace: NetworkNamespace;
  readonly #stack: AsyncDisposableStack;
  #tapCount = 0;
  /** How often doors were opened: those of before stay open until the network goes away. */
  #openings = 0;

  private constructor(namespace: NetworkNamespace, stack: AsyncDisposableStack) {
    this.#namespace = namespace;
    this.#stack = stack;
  }

  /** Makes the network. Needs root and Debian's package iproute2. */
  static async create(): Promise<PrivateNetwork> {
    await using stack = new AsyncDisposableStack();
    const namespace = stack.use(await NetworkNamespace.create());
    await namespace.ip('link', 'add', BRIDGE, 'type', 'bridge', 'forward_delay', '0');
    await namespace.ip('address', 'add', `${GATEWAY}/${String(PREFIX_LENGTH)}`, 'dev', BRIDGE);
    await namespace.ip('link', 'set', BRIDGE, 'up');
    return new PrivateNetwork(namespace, stack.move());
  }

  /** For `launchProcess`. */
  get networkNamespace(): string {
    return this.#namespace.name;
  }

  /** A folder that goes away with the network. */
  get dir(): string {
    return this.#namespace.dir;
  }

  /** Plugs in one more network card; gives the name of its interface. */
  async addTap(): Promise<string> {
    const name = `tap${String(this.#tapCount)}`;
    this.#tapCount += 1;
    await this.#namespace.ip('tuntap', 'add', name, 'mode', 'tap');
    await this.addPort(name);
    return name;
  }

  /** Plugs in an interface that is in the namespace already. */
  async addPort(interfaceName: string): Promise<void> {
    await this.#namespace.ip('link', 'set', interfaceName, 'master', BRIDGE, 'up');
  }

  /** Runs `ip` in the namespace of the servers. */
  ip(...args: readonly string[]): Promise<string> {
    return this.#namespace.ip(...args);
  }

  /** Opens the doors; gives the outside port of each outward one, in order. */
  async openDoors({ inward, outward }: NetworkDoors): Promise<readonly number[]> {
    const inside: StreamRelay[] = [];
    this.#openings += 1;
    for (const port of inward) {
      const path = this.#doorPath('in', port);
      await this.#open({ listen: { path }, target: { host: '127.0.0.1', port } });
      inside.push({ listen: { host: '127.0.0.1', port }, target: { path } });
    }
    const ports: number[] = [];
    for (const port of outward) {
      const path = this.#doorPath('out', port);
      const address = await this.#open({ listen: { host: '127.0.0.1', port: 0 }, target: { path } });
      ports.push((address as AddressInfo).port);
      inside.push({ listen: { path }, target: { host: GATEWAY, port } });
    }
    await this.#openInside(inside);
    return ports;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }

  /** A socket in the file system is in no network namespace. */
  #doorPath(direction: 'in' | 'out', port: number): string {
    return join(this.dir, `${direction}-${String(port)}-${String(this.#openings)}.sock`);
  }

  async #open(relay: StreamRelay): Promise<AddressInfo | string | null> {
    const server = await openStreamRelay(relay);
    this.#stack.defer(async () => {
      const closed = once(server, 'close');
      server.close();
      await closed;
    });
    return server.address();
  }

  async #openInside(relays: readonly StreamRelay[]): Promise<void> {
    const suffix = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const module = new URL(`./stream-relay.${suffix}`, import.meta.url).href;
    const text = `
      import { openStreamRelay } from ${JSON.stringify(module)};
      for (const relay of ${JSON.stringify(relays)}) await openStreamRelay(relay);
      console.log('doors open');`;
    const child = this.#stack.use(
      await launchProcess({
        command: process.execPath,
        args: typescriptArguments(text),
        networkNamespace: this.networkNamespace,
        installHint: 'make deps',
      }),
    );
    await waitFor(() => child.hasExited() || child.output().includes('doors open'), {
      what: 'the relays in the namespace listen',
    });
    if (child.hasExited()) throw new Error(`the relays in the namespace ended:\n${child.output()}`);
  }
}
