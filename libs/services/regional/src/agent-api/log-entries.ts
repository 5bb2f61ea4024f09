import { checkDocument, LogEntry, type FieldProblem } from '@rackwright/contracts';
import { ProblemError } from '@rackwright/platform';

/** Lines one request may carry. */
const MAX_LOG_ENTRIES = 1_000;
/** Lines described in a refusal. */
const MAX_DESCRIBED = 32;

/**
 * Reads an NDJSON body (one JSON object or string per line); refuses it as a whole when a line is wrong.
 * The pointers of the refusal start with the number of the line, from 0.
 */
export function parseLogEntries(body: string): readonly LogEntry[] {
  const lines = body.split('\n').filter((line) => line.trim() !== '');
  if (lines.length > MAX_LOG_ENTRIES) {
    throw new ProblemError('body-too-large', `At most ${String(MAX_LOG_ENTRIES)} lines fit into one request`);
  }
  const problems: FieldProblem[] = [];
  const entries: LogEntry[] = [];
  for (const [index, line] of lines.entries()) {
    const entry = parseEntry(line);
    if (entry instanceof LogEntry) entries.push(entry);
    else problems.push(...entry.map(({ pointer, detail }) => ({ pointer: `/${String(index)}${pointer}`, detail })));
  }
  if (problems.length === 0) return entries;
  const errors = problems.slice(0, MAX_DESCRIBED);
  const named = errors.slice(0, 4).map(({ pointer, detail }) => `${pointer} ${detail}`);
  throw new ProblemError('invalid-request', `Invalid log lines: ${named.join('; ')}`, { errors });
}

function parseEntry(line: string): LogEntry | readonly FieldProblem[] {
  let document: unknown;
  try {
    document = JSON.parse(line);
  } catch {
    return [{ pointer: '', detail: 'is not valid JSON' }];
  }
  const checked = checkDocument(LogEntry, typeof document === 'string' ? { text: document } : document);
  return checked.ok ? checked.value : checked.fault.errors;
}

// Control characters other than the tab: escape sequences of installers, which would reach terminals of readers.
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/gu;

/** The text of a line as it is stored: one line, without control characters. */
export function plainText(text: string): string {
  return text.trimEnd().replaceAll(CONTROL, (char) => (char === '\t' ? '\t' : ' '));
}
