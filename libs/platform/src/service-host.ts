import { readFileSync } from 'node:fs';
import type { ConfigInput } from './config/load-config.js';

/** The process around a service, as far as starting and stopping go. */
export interface ServiceHost {
  readonly input: ConfigInput;
  print(text: string): void;
  printError(text: string): void;
  /** SIGINT and SIGTERM. */
  onStopSignal(handler: (signal: string) => void): void;
  /** An error nobody handled: the state of the process is unknown from here on. */
  onCrash(handler: (error: unknown) => void): void;
  exit(code: number): void;
}

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
      process.on('uncaughtException', handler);
      process.on('unhandledRejection', handler);
    },
    exit: (code) => process.exit(code),
  };
}
