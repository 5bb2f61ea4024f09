import { parentPort, workerData } from 'node:worker_threads';
import { dhcpProperties, tftpProperties } from '@rackwright/testing';
import type { FuzzMessage, FuzzOrder } from './fuzz-message.js';
import { runRounds } from './run-rounds.js';

const { durationMs, only, seed, isRepeat } = workerData as FuzzOrder;
const tell = (message: FuzzMessage): void => {
  parentPort?.postMessage(message);
};

const chosen = [...dhcpProperties, ...tftpProperties].filter(({ name }) => name.includes(only));
const { runs } = runRounds(chosen, {
  ...{ durationMs, seed },
  ...(isRepeat ? { sliceMs: durationMs } : {}),
  nowMs: () => performance.now(),
  onTurn: ({ name }, own) => {
    tell({ kind: 'turn', name, seed: own });
  },
  onFinding: ({ name }, { seed: own, report }) => {
    tell({ kind: 'found', name, seed: own, report });
  },
});
tell({ kind: 'done', runs });
