/** What became of one statement. */
export interface Verdict {
  readonly outcome: 'pass' | 'fail' | 'not-applicable';
  /** What was seen on the wire, or why the statement says nothing here. */
  readonly seen: string;
}

/** One assertable statement about a server. */
export interface Statement<Peer> {
  /** As in the list of statements: `D12`. */
  readonly id: string;
  readonly title: string;
  /** The section it was written from. */
  readonly reference: string;
  play(peer: Peer): Promise<Verdict>;
}

export interface PlayedStatement extends Verdict {
  readonly id: string;
  readonly title: string;
  readonly reference: string;
}

/** Ends a statement at the first thing that is not as it says. */
export class Unmet extends Error {
  override readonly name = 'Unmet';
}

/** Ends a statement that says nothing about this server or site. */
export class NotApplicable extends Error {
  override readonly name = 'NotApplicable';
}

/** Passes with what was seen unless one of the complaints holds. */
export function judge(seen: string, complaints: Readonly<Record<string, boolean>> = {}): Verdict {
  const held = Object.entries(complaints).flatMap(([complaint, holds]) => (holds ? [complaint] : []));
  return held.length === 0 ? { outcome: 'pass', seen } : { outcome: 'fail', seen: `${held.join('; ')} (${seen})` };
}

/** Plays statements one after the other; what goes wrong in one does not end the others. */
export async function playAll<Peer>(
  statements: readonly Statement<Peer>[],
  peer: Peer,
  onPlayed: (played: PlayedStatement) => void,
): Promise<readonly PlayedStatement[]> {
  const all: PlayedStatement[] = [];
  for (const statement of statements) {
    const { id, title, reference } = statement;
    const played = { id, title, reference, ...(await verdictOf(statement.play(peer))) };
    onPlayed(played);
    all.push(played);
  }
  return all;
}

/** What became of a statement that is being played, also when it ended with an error. */
export async function verdictOf(playing: Promise<Verdict>): Promise<Verdict> {
  try {
    return await playing;
  } catch (error) {
    if (error instanceof NotApplicable) return { outcome: 'not-applicable', seen: error.message };
    return { outcome: 'fail', seen: error instanceof Error ? error.message : String(error) };
  }
}
