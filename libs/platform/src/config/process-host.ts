import { readFileSync } from 'node:fs';
import type { ConfigInput } from './load-config.js';

/** The process around a service, as far as starting and stopping go. */
export interface ServiceHost {
  readonly input: ConfigInput;
  print(text: string): void;
  printError(text: string): void;
  /** SIGINT and SIGTERM. */
  onStopSignal(handler: (signal: string) => void): void;
  /** Told of an error nobody handled, just before the process dies of it with exit code 1. */
  onCrash(handler: (error: unknown) => void): void;
  /** There is nothing left to do: the process ends with `code` once its handles are closed. */
  end(code: number): void;
}

/** Time for handles to close after everything was disposed; what is open then is a leak and ends as a crash. */
const LINGER_MS = 2_000;

/** The real process. The only reader of its environment and arguments; called by `main.ts`. */
export function processHost(): ServiceHost {
  return {
    input: {
      argv: process.argv.slice(2),
      env: process.env,
      readTextFile: (path) => readFileSync(path, 'utf8'),
    },
    print: (text) => void process.stdout.write(text),
    printError: (text) => void process.stderr.write(text),
    onStopSignal(handler) {
      process.on('SIGINT', handler);
      process.on('SIGTERM', handler);
    },
    onCrash(handler) {
      // Also sees unhandled rejections: Node turns them into uncaught exceptions.
      process.on('uncaughtExceptionMonitor', handler);
    },
    end(code) {
      process.exitCode = code;
      setTimeout(() => {
        throw new Error(`still open after everything was disposed: ${process.getActiveResourcesInfo().join(', ')}`);
      }, LINGER_MS).unref();
    },
  };
}
