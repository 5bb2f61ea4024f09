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
  readonly http?: string;
  readonly only?: readonly string[];
  readonly json: boolean;
}

function targetOf(text: string): Target {
  const [, host, port] = /^(\d+\.\d+\.\d+\.\d+):(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined || port === undefined) throw new InvalidArgumentError('must be address:port');
  return { host, port: Number(port) };
}

const command = new Command('conformance')
  .description('Plays the statements of the boot protocols that show on the wire against any server.')
  .argument('[target]', 'DHCP server, address:port', targetOf)
  .option('--site <file>', 'description of the DHCP server in YAML or JSON')
  .option('--tftp <target>', 'TFTP server, address:port', targetOf)
  .option('--http <url>', 'URL of a boot file on an HTTP server')
  .option('--file <name>', 'file the TFTP server has, longer than 4 KiB', 'ipxe.efi')
  .option('--only <ids>', 'these statements alone, e.g. D12,T4', (text: string) => text.split(','))
  .option('--json', 'print one JSON document', false)
  .addHelpText(
    'after',
    '\nThe description is explained in docs/reference/conformance.md. Exit status: 0 nothing failed, 1 something did, 2 called the wrong way.',
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

async function playDhcp(server: Target): Promise<readonly PlayedStatement[]> {
  if (flags.site === undefined) return command.error("error: a DHCP server needs '--site <file>'");
  const site = parseSite(readFileSync(flags.site, 'utf8'), server.host);
  await using peer = await DhcpPeer.open(site, server);
  return await playAll(chosen(dhcpStatements), peer, note);
}

async function play(): Promise<readonly PlayedStatement[]> {
  const { tftp, http, file } = flags;
  if (target === undefined && tftp === undefined && http === undefined)
    command.error('error: give a target, --tftp or --http');
  const tftpTarget: TftpTarget | undefined = tftp && { ...tftp, file };
  return [
    ...(target === undefined ? [] : await playDhcp(target)),
    ...(tftpTarget === undefined ? [] : await playAll(chosen(tftpStatements), tftpTarget, note)),
    ...(http === undefined ? [] : await playAll(chosen(httpStatements), new URL(http), note)),
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
