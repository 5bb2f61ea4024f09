import { Command, CommanderError } from 'commander';
import { ApiClient } from './api-client.js';
import { bootExplainCommand } from './boot-explain-command.js';
import { CliFailure, exitCodes, type CliWorld } from './cli-world.js';
import { dhcpReplayCommand } from './dhcp-replay-command.js';
import type { Session } from './session.js';

const DEFAULT_SERVER = 'http://127.0.0.1:8080';

/** Runs one command line; resolves with the exit status: 0 done, 1 failed, 2 called the wrong way. */
export async function runRackctl(world: CliWorld): Promise<number> {
  try {
    await programOf(world).parseAsync([...world.argv], { from: 'user' });
    return exitCodes.done;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    if (!(error instanceof CliFailure)) throw error;
    world.printError(`rackctl: ${error.message}\n`);
    return exitCodes.failed;
  }
}

function programOf(world: CliWorld): Command {
  const program = new Command('rackctl')
    .description('Rackwright from a terminal.')
    .version(world.version, '--version', 'print the version')
    .option('--server <url>', 'control plane, or a region for questions about itself', serverOf(world))
    .option('--json', 'print the answer as JSON', false);
  const session: Session = {
    api: () => new ApiClient(world, program.opts<{ server: string }>().server),
    readFile: (path) => world.readFile(path),
    show: (answer, words) => {
      const { json } = program.opts<{ json: boolean }>();
      world.print(json ? `${JSON.stringify(answer, undefined, 2)}\n` : words(answer));
    },
  };
  program.command('boot').description('Questions about booting').addCommand(bootExplainCommand(session));
  program.command('dhcp').description('Questions about DHCP').addCommand(dhcpReplayCommand(session));
  program.addHelpText(
    'after',
    '\nExit status: 0 done, 1 failed, 2 called the wrong way. RW_SERVER says where the server is as --server does.',
  );
  for (const command of withAll(program)) {
    command.exitOverride().configureOutput({
      writeOut: (text) => world.print(text),
      writeErr: (text) => world.printError(text),
    });
  }
  return program;
}

function serverOf({ env }: CliWorld): string {
  const named = env['RW_SERVER'];
  return named === undefined || named === '' ? DEFAULT_SERVER : named;
}

function withAll(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(withAll)];
}
