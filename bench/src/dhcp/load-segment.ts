import { NetworkNamespace, PrivateNetwork } from '@rackwright/testing';

/** Where requests come from: the relay of the machines. */
export const RELAY = '10.99.0.2';
/** What the machines of the relay get their addresses from: far more of them than machines. */
export const SUBNET = {
  cidr: '10.99.0.0/16',
  netmask: '255.255.0.0',
  pool: { start: '10.99.16.0', end: '10.99.255.250' },
  gateway: '10.99.0.1',
  leaseSeconds: 3_600,
} as const;
/** The interface of the relay. */
const CARD = 'eth0';

/** A network of two: the server under test behind one card, who loads it behind the other. */
export class LoadSegment implements AsyncDisposable {
  /** Where the servers run. */
  readonly servers: PrivateNetwork;
  /** Name of the network namespace to put load on from. */
  readonly loadNamespace: string;
  readonly #stack: AsyncDisposableStack;

  private constructor(servers: PrivateNetwork, loadNamespace: string, stack: AsyncDisposableStack) {
    this.servers = servers;
    this.loadNamespace = loadNamespace;
    this.#stack = stack;
  }

  /** Makes both namespaces. Needs root. */
  static async create(): Promise<LoadSegment> {
    await using stack = new AsyncDisposableStack();
    const servers = stack.use(await PrivateNetwork.create());
    const load = stack.use(await NetworkNamespace.create());
    await load.ip('link', 'add', CARD, 'type', 'veth', 'peer', 'name', 'load', 'netns', servers.networkNamespace);
    await servers.addPort('load');
    await load.ip('address', 'add', `${RELAY}/24`, 'dev', CARD);
    await load.ip('link', 'set', CARD, 'up');
    return new LoadSegment(servers, load.name, stack.move());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}
