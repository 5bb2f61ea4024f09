import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { DhcpPeer, type Target } from './dhcp/dhcp-peer.js';
import { dhcpStatements } from './dhcp/dhcp-statements.js';
import { httpStatements } from './http/http-statements.js';
import { reportLine, summaryOf } from './report.js';
import { parseSite, SiteMistake } from './site-description.js';
import type { TftpTarget } from './tftp/tftp-exchange.js';
import { tftpStatements } from './tftp/tftp-statements.js';
import { playAll, type PlayedStatement, type Statement } from './verdict.js';

interface Flags {
  readonly site?: string;
  readonly tftp?: Target;
  readonly file: string;
  readonly http?: URL;
  readonly only?: readonly string[];
  readonly json: boolean;
}

const MAX_PORT = 65_535;
const known = new Set([...dhcpStatements, ...tftpStatements, ...httpStatements].map(({ id }) => id));

function targetOf(text: string): Target {
  const [, host, digits] = /^([\w.-]+):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (host === undefined || port < 1 || port > MAX_PORT) throw new InvalidArgumentError('must be host:port');
  return { host, port };
}

function urlOf(text: string): URL {
  const url = URL.parse(text);
  if (url?.protocol !== 'http:') throw new InvalidArgumentError('must be an http URL');
  return url;
}

function idsOf(text: string): readonly string[] {
  const ids = text.split(',').map((id) => id.trim().toUpperCase());
  const strange = ids.filter((id) => !known.has(id));
  if (strange.length > 0) throw new InvalidArgumentError(`no such statement: ${strange.join(', ')}`);
  return ids;
}

/** The server by its IPv4 address, which is what replies come from. */
async function resolved({ host, port }: Target): Promise<Target> {
  const { address } = await lookup(host, { family: 4 });
  return { host: address, port };
}

const command = new Command('conformance')
  .description('Plays the statements of the boot protocols that show on the wire against any server.')
  .argument('[target]', 'DHCP server, host:port', targetOf)
  .option('--site <file>', 'description of the DHCP server in YAML or JSON')
  .option('--tftp <target>', 'TFTP server, host:port', targetOf)
  .option('--http <url>', 'URL of a boot file on an HTTP server', urlOf)
  .option('--file <name>', 'file the TFTP server has, longer than 4 KiB', 'ipxe.efi')
  .option('--only <ids>', 'these statements alone, e.g. D12,T4', idsOf)
  .option('--json', 'print one JSON document', false)
  .addHelpText(
    'after',
    '\nExample:\n  conformance --site site.yaml --tftp 10.99.0.1:69 10.99.0.1:67\n\nThe description is explained in docs/reference/conformance.md. Exit status: 0 nothing failed, 1 something did, 2 called the wrong way.',
  )
  .exitOverride((error) => {
    process.exit(error.exitCode === 0 ? 0 : 2);
  })
  .parse();
const flags = command.opts<Flags>();
const [target] = command.processedArgs as [Target | undefined];

function chosen<Peer>(statements: readonly Statement<Peer>[]): readonly Statement<Peer>[] {
  return statements.filter(({ id }) => flags.only?.includes(id) !== false);
}

function note(played: PlayedStatement): void {
  if (!flags.json) process.stdout.write(reportLine(played));
}

async function playDhcp(asked: Target): Promise<readonly PlayedStatement[]> {
  if (flags.site === undefined) return command.error("error: a DHCP server needs '--site <file>'");
  const server = await resolved(asked);
  const site = parseSite(readFileSync(flags.site, 'utf8'), server.host);
  await using peer = await DhcpPeer.open(site, server);
  return await playAll(chosen(dhcpStatements), peer, note);
}

async function playTftp(asked: Target): Promise<readonly PlayedStatement[]> {
  const tftp: TftpTarget = { ...(await resolved(asked)), file: flags.file };
  return await playAll(chosen(tftpStatements), tftp, note);
}

async function play(): Promise<readonly PlayedStatement[]> {
  const { tftp, http } = flags;
  if (target === undefined && tftp === undefined && http === undefined)
    command.error('error: give a target, --tftp or --http');
  return [
    ...(target === undefined ? [] : await playDhcp(target)),
    ...(tftp === undefined ? [] : await playTftp(tftp)),
    ...(http === undefined ? [] : await playAll(chosen(httpStatements), http, note)),
  ];
}

try {
  const statements = await play();
  process.stdout.write(
    flags.json ? `${JSON.stringify({ statements }, undefined, 2)}\n` : `\n${summaryOf(statements)}\n`,
  );
  if (statements.some(({ outcome }) => outcome === 'fail')) process.exitCode = 1;
} catch (error) {
  const isOurs = error instanceof SiteMistake || (error instanceof Error && 'code' in error);
  if (!isOurs) throw error;
  process.stderr.write(`conformance: ${error.message}\n`);
  process.exitCode = 2;
}
