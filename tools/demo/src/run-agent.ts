import { Command, InvalidArgumentError, Option } from 'commander';
import { parseIpv4, parseMac, parseSn, type Ipv4, type Mac, type Sn } from '@rackwright/kernel';
import {
  briskPace,
  firmwares,
  SeededRandom,
  SimulatedMachine,
  SimulatedRelay,
  uuidOf,
  type Firmware,
  type MachineEntry,
} from '@rackwright/testing';

interface Flags {
  readonly sn: Sn;
  readonly mac: Mac;
  readonly firmware: Firmware;
  readonly dhcpPort: string;
  readonly tftpPort: string;
  readonly link: Ipv4;
}

/** An option that must parse; the text after "must be" comes from `shape`. */
function option(flags: string, shape: string, parse: (text: string) => unknown): Option {
  return new Option(flags, shape).argParser((text) => {
    const value = parse(text);
    if (value === undefined) throw new InvalidArgumentError(`must be ${shape}`);
    return value;
  });
}

const findFirmware = (text: string): Firmware | undefined => firmwares.find((kind) => kind === text);

const { sn, mac, firmware, dhcpPort, tftpPort, link } = new Command('run-agent')
  .description('Powers on one simulated machine against a region on this host and keeps it until Ctrl-C.')
  .addOption(option('--sn <sn>', 'a serial number', parseSn).default(parseSn('sn-001')))
  .addOption(option('--mac <mac>', 'a MAC address', parseMac).default(parseMac('00:1a:2b:3c:4d:5e')))
  .addOption(option('--firmware <kind>', `one of ${firmwares.join(', ')}`, findFirmware).default('bios'))
  .option('--dhcp-port <port>', 'where the region listens for DHCP', process.env['RW_DHCP_PORT'] ?? '6767')
  .option('--tftp-port <port>', 'where the region listens for TFTP', process.env['RW_TFTP_PORT'] ?? '6969')
  .addOption(
    option('--link <address>', "an address of the machine's subnet", parseIpv4).default(parseIpv4('10.101.1.1')),
  )
  .addHelpText(
    'after',
    '\nThe region must have a subnet with that address in it, and the machine a task, or it waits until it has one.',
  )
  .parse()
  .opts<Flags>();

const relay = await SimulatedRelay.open({ serverPort: Number(dhcpPort), linkAddress: link });
const machine = new SimulatedMachine({
  identity: { mac, sn, uuid: uuidOf(sn) },
  firmware,
  relay,
  tftpPort: Number(tftpPort),
  random: new SeededRandom(Date.now()),
  pace: { ...briskPace, dhcpRetryMs: [1_000, 2_000, 4_000], httpRetryMs: 1_000, stepMs: 1_000, scriptSecondMs: 1_000 },
});
let shown: MachineEntry | undefined;
machine.onChange(() => {
  const from = shown === undefined ? 0 : machine.entries.lastIndexOf(shown) + 1;
  for (const { stage, detail } of machine.entries.slice(from)) {
    process.stdout.write(`${machine.identity.sn} ${stage}${detail === '' ? '' : `: ${detail}`}\n`);
  }
  shown = machine.entries.at(-1);
});
machine.powerOn();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => {
    void machine[Symbol.asyncDispose]().then(() => relay[Symbol.asyncDispose]());
  });
}
