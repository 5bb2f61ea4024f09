import { readSegment, type SegmentName } from './segment.js';

/** What the files of a journal add up to. */
export interface Replay {
  /** All but the last one, oldest first. */
  readonly segments: SegmentName[];
  readonly last: SegmentName | undefined;
  /** Octets of the last segment to keep; a line that was never finished follows them. */
  readonly lastSoundBytes: number;
  readonly live: number[];
  readonly nextPosition: number;
  /** Records up to this position are forgotten. */
  readonly forgotten: number;
  readonly damaged: number;
}

/** Reads all segments, oldest first. */
export async function replaySegments(names: readonly SegmentName[]): Promise<Replay> {
  const positions: number[] = [];
  let forgotten = (names[0]?.firstPosition ?? 1) - 1;
  let damaged = 0;
  let lastSoundBytes = 0;
  for (const name of names) {
    const scan = await readSegment(name);
    damaged += scan.damaged;
    lastSoundBytes = scan.soundBytes;
    for (const entry of scan.entries) {
      if (entry.kind === 'record') positions.push(entry.position);
      else forgotten = Math.max(forgotten, entry.position);
    }
  }
  const last = names.at(-1);
  return {
    segments: names.slice(0, -1),
    last,
    lastSoundBytes,
    live: positions.filter((position) => position > forgotten),
    // A damaged line may have been the newest record: its position stays taken.
    nextPosition: Math.max(last?.firstPosition ?? 1, forgotten + 1, (positions.at(-1) ?? 0) + 1) + damaged,
    forgotten,
    damaged,
  };
}
