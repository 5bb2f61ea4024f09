import { launchProcess } from '@rackwright/testing';
import { RELAY, SUBNET, type LoadSegment } from './load-segment.js';

/** More machines than exchanges in a run, so that hardly one comes twice. */
const MACHINES = 50_000;
/** How long the last replies may take to arrive. */
const WAIT_FOR_LAST_US = 1_000_000;

/** What perfdhcp counted in one run. */
export interface LoadRun {
  /** DISCOVERs sent per second. */
  readonly offeredPerSecond: number;
  /** Exchanges of four messages that were completed. */
  readonly completed: number;
  /** Of the exchanges that were begun, the share that was not completed. */
  readonly dropShare: number;
}

/** Begins `perSecond` exchanges a second for `seconds`. */
export async function perfdhcp(segment: LoadSegment, perSecond: number, seconds: number): Promise<LoadRun> {
  await using child = await launchProcess({
    command: 'perfdhcp',
    args: [
      ...['-4', '-r', String(perSecond), '-R', String(MACHINES), '-p', String(seconds)],
      ...['-W', String(WAIT_FOR_LAST_US), '-l', RELAY, SUBNET.gateway],
    ],
    networkNamespace: segment.loadNamespace,
    installHint: 'bash tools/deps.sh bench',
  });
  await child.exited;
  return parsePerfdhcp(child.output(), seconds);
}

/** Reads the report perfdhcp ends with. */
export function parsePerfdhcp(report: string, seconds: number): LoadRun {
  const [sent] = numbersAfter(report, 'sent packets');
  const [, completed] = numbersAfter(report, 'received packets');
  if (sent === undefined || completed === undefined || sent === 0) throw new Error(`perfdhcp said:\n${report}`);
  return { offeredPerSecond: sent / seconds, completed, dropShare: Math.max(0, 1 - completed / sent) };
}

/** One number for DISCOVER to OFFER and one for REQUEST to ACK. */
function numbersAfter(report: string, label: string): readonly number[] {
  return [...report.matchAll(new RegExp(`^${label}: (\\d+)$`, 'gm'))].map(([, digits]) => Number(digits));
}
