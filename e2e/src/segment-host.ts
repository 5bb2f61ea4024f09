import { launchProcess, NetworkNamespace, type LaunchedProcess, type PrivateNetwork } from '@rackwright/testing';

/** A program to run on a {@link SegmentHost}. */
export interface HostProgram {
  readonly command: string;
  readonly args: readonly string[];
  readonly installHint: string;
  /** Folders that are empty and its own: what it keeps there concerns neither this machine nor the next test. */
  readonly ownFolders?: readonly string[];
  /** Shell commands to run before it in the same place. */
  readonly before?: readonly string[];
}

/** An interface at the other end of a wire, with its address and prefix length. */
export interface FarEnd {
  readonly far: string;
  readonly farAddress: string;
}

const INSTALL_HINT = 'apt-get install util-linux';
let portCount = 0;

/** A host without an address, in a network namespace of its own, to be wired up and to run the servers of others on. */
export class SegmentHost implements AsyncDisposable {
  readonly #namespace: NetworkNamespace;

  private constructor(namespace: NetworkNamespace) {
    this.#namespace = namespace;
  }

  static async create(): Promise<SegmentHost> {
    return new SegmentHost(await NetworkNamespace.create());
  }

  /** Name of its network namespace. */
  get name(): string {
    return this.#namespace.name;
  }

  /** A folder that goes away with the host. */
  get dir(): string {
    return this.#namespace.dir;
  }

  /** Runs `ip` on the host. */
  ip(...args: readonly string[]): Promise<string> {
    return this.#namespace.ip(...args);
  }

  /** Plugs a network card of that name into the network. */
  async plugInto(network: PrivateNetwork, card = 'eth0'): Promise<void> {
    portCount += 1;
    const port = `port${String(portCount)}`;
    await this.ip('link', 'add', card, 'type', 'veth', 'peer', 'name', port, 'netns', network.networkNamespace);
    await network.addPort(port);
    await this.ip('link', 'set', card, 'up');
    await this.#namespace.waitForLink(card);
  }

  /** Wires `eth0` to a further interface of the host that the servers run on. */
  async wireToServers(network: PrivateNetwork, { far, farAddress }: FarEnd): Promise<void> {
    await this.ip('link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', far, 'netns', network.networkNamespace);
    await network.ip('address', 'add', farAddress, 'dev', far);
    await network.ip('link', 'set', far, 'up');
    await this.ip('link', 'set', 'eth0', 'up');
    await this.#namespace.waitForLink('eth0');
  }

  /** Wires a network card of that name to `eth0` of another host. */
  async wireTo(other: SegmentHost, card: string): Promise<void> {
    await this.ip('link', 'add', card, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', other.name);
    await this.ip('link', 'set', card, 'up');
    await other.ip('link', 'set', 'eth0', 'up');
    await Promise.all([this.#namespace.waitForLink(card), other.#namespace.waitForLink('eth0')]);
  }

  /** The hardware address of a network card. */
  async hardwareAddress(card = 'eth0'): Promise<string> {
    const [link] = JSON.parse(await this.ip('-j', 'link', 'show', 'dev', card)) as readonly { address: string }[];
    if (link === undefined) throw new Error(`no card ${card}`);
    return link.address;
  }

  /** The IPv4 addresses of `eth0`. */
  async addresses(): Promise<readonly string[]> {
    const shown = await this.ip('-j', '-4', 'address', 'show', 'dev', 'eth0');
    const links = JSON.parse(shown) as readonly { readonly addr_info?: readonly { readonly local: string }[] }[];
    return links.flatMap(({ addr_info }) => addr_info ?? []).map(({ local }) => local);
  }

  /** Starts a program on the host. */
  start({ command, args, installHint, ownFolders = [], before = [] }: HostProgram): Promise<LaunchedProcess> {
    const networkNamespace = this.name;
    if (ownFolders.length + before.length === 0) return launchProcess({ command, args, installHint, networkNamespace });
    const mounts = ownFolders.map((folder) => `mount -t tmpfs tmpfs ${folder}`);
    const script = [...mounts, ...before, 'exec "$@"'].join(' && ');
    return launchProcess({
      command: 'unshare',
      args: ['--mount', 'sh', '-c', script, 'sh', command, ...args],
      installHint: `${INSTALL_HINT}; ${installHint}`,
      networkNamespace,
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#namespace[Symbol.asyncDispose]();
  }
}
