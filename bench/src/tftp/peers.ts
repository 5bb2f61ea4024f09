import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { join } from 'node:path';
import { encodeTftp } from '@rackwright/protocol-tftp';
import { freePort, launchProcess, waitFor, type LaunchedProcess } from '@rackwright/testing';

/** A running TFTP server. */
export interface Peer extends AsyncDisposable {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly pid: number;
}

const REPOSITORY = new URL('../../../', import.meta.url).pathname;
/** Where `tools/deps.sh bench` unpacks packages that cannot be installed side by side. */
const UNPACKED = join(REPOSITORY, '.rackwright/peers');
const INSTALL = 'make deps DEPS=bench';
/** dnsmasq knows no other port than 69; an address of its own keeps it apart from other servers. */
const DNSMASQ = { address: '127.0.0.69', port: 69 };

interface Program {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly address: string;
  readonly port: number;
}

/** The servers people use, each serving `root` on loopback. */
export async function launchPeers(root: string, file: string, stack: AsyncDisposableStack): Promise<readonly Peer[]> {
  const [hpaPort, atftpPort] = [await freePort(), await freePort()];
  const hpa: Program = {
    name: 'tftpd-hpa',
    command: join(UNPACKED, 'tftpd-hpa/usr/sbin/in.tftpd'),
    args: ['-L', '-a', `127.0.0.1:${String(hpaPort)}`, '-u', 'root', '-s', root],
    address: '127.0.0.1',
    port: hpaPort,
  };
  const atftpd: Program = {
    name: 'atftpd',
    command: join(UNPACKED, 'atftpd/usr/sbin/atftpd'),
    args: [
      ...['--daemon', '--no-fork', '--bind-address', '127.0.0.1', '--port', String(atftpPort)],
      ...['--maxthread', '300', '--user', 'root.root', root],
    ],
    address: '127.0.0.1',
    port: atftpPort,
  };
  const dnsmasq: Program = {
    name: 'dnsmasq',
    command: 'dnsmasq',
    args: [
      ...['--no-daemon', '--conf-file=/dev/null', '--log-facility=/dev/null', '--user=root', '--port=0'],
      ...['--enable-tftp', `--tftp-root=${root}`, '--tftp-max=300', '--bind-interfaces'],
      `--listen-address=${DNSMASQ.address}`,
    ],
    ...DNSMASQ,
  };
  const peers: Peer[] = [];
  for (const program of [hpa, atftpd, dnsmasq]) peers.push(stack.use(await launch(program, file)));
  return peers;
}

async function launch({ name, command, args, address, port }: Program, file: string): Promise<Peer> {
  const process = await launchProcess({ command, args, installHint: INSTALL });
  await waitFor(() => answers({ address, port }, file, process), { what: `${name} to answer` });
  return { name, address, port, pid: process.pid, [Symbol.asyncDispose]: () => process.stop() };
}

/** Whether it sends the first block of the file, which is then declined. */
async function answers(
  { address, port }: { readonly address: string; readonly port: number },
  file: string,
  server: LaunchedProcess,
): Promise<boolean> {
  if (server.hasExited()) throw new Error(server.output());
  const socket = createSocket('udp4');
  try {
    const answered = once(socket, 'message', { signal: AbortSignal.timeout(500) }) as Promise<
      [Buffer, { port: number }]
    >;
    socket.send(encodeTftp({ kind: 'rrq', filename: file, mode: 'octet', options: new Map() }), port, address);
    const [, from] = await answered.catch(() => [undefined, undefined]);
    if (from === undefined) return false;
    await new Promise((resolve) => {
      socket.send(encodeTftp({ kind: 'error', code: 0, message: 'only looking' }), from.port, address, resolve);
    });
    return true;
  } finally {
    socket.close();
  }
}
