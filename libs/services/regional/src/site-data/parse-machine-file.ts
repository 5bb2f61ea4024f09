import { isMap, isScalar, LineCounter, parseDocument, type Document, type Node, type Pair, type YAMLMap } from 'yaml';
import { checkDocument, MachineFileRecord, type FieldProblem } from '@rackwright/contracts';
import { fail, ok, parseMac, type Result } from '@rackwright/kernel';
import { checkMachines } from './check-machines.js';
import { fieldNameOf, findRepeatedFields, startOf } from './field-names.js';
import type { FileMistake, FilePosition } from './file-mistake.js';
import type { LocatedMachine } from './located-machine.js';
import { piecesOf, type FilePiece } from './split-machine-file.js';

/** More are not looked for: a file like that is another kind of file. */
export const MAX_MISTAKES = 100;
/** The parser takes quadratic time over what is nested in earnest. */
const MAX_DEPTH = 64;
/** A file of anchors that expand to a multiple of themselves. */
const MAX_ALIASES = 100;

export interface ParseOptions {
  /** Lets others go ahead; called between pieces. */
  readonly pause: () => Promise<void>;
}

/** Reads a machine file (YAML, machines by MAC): every machine in it, or all that is wrong with it. */
export async function parseMachineFile(
  bytes: Uint8Array,
  { pause }: ParseOptions,
): Promise<Result<readonly LocatedMachine[], readonly FileMistake[]>> {
  const text = decodeText(bytes);
  if (!text.ok) return fail([text.fault]);
  const machines: LocatedMachine[] = [];
  const mistakes: FileMistake[] = [];
  for (const piece of piecesOf(text.value)) {
    const read = readPiece(piece);
    machines.push(...read.machines);
    mistakes.push(...read.mistakes);
    if (mistakes.length >= MAX_MISTAKES) return fail(mistakes.slice(0, MAX_MISTAKES));
    await pause();
  }
  const together = checkMachines(machines);
  mistakes.push(...together);
  if (mistakes.length === 0) return ok(machines);
  mistakes.sort((left, right) => left.line - right.line || left.column - right.column);
  return fail(mistakes.slice(0, MAX_MISTAKES));
}

function decodeText(bytes: Uint8Array): Result<string, FileMistake> {
  const refused = (detail: string): Result<string, FileMistake> => fail({ line: 1, column: 1, pointer: '', detail });
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes).replaceAll('\r\n', '\n');
    if (text.includes('\0')) return refused('is not text: it has NUL characters in it');
    return text.trim() === '' ? refused('is empty; {} stands for no machines') : ok(text);
  } catch {
    return refused('is not text in UTF-8');
  }
}

interface ReadPiece {
  readonly machines: readonly LocatedMachine[];
  readonly mistakes: readonly FileMistake[];
}

/** `- - - -`: as many levels as there are signs in front of a line. */
const TOO_MANY_SIGNS = new RegExp(`^[ ]*(?:[-?:][ \\t]+){${MAX_DEPTH + 1}}`, 'm');

/** Brackets that one top-level entry leaves open, or signs in one line. */
function isTooDeep(text: string): boolean {
  if (TOO_MANY_SIGNS.test(text)) return true;
  let depth = 0;
  for (const [bracket] of text.matchAll(/[[{]|[\]}]|\n(?=\S)/g)) {
    if (bracket === '\n') depth = 0;
    else depth += bracket === '[' || bracket === '{' ? 1 : -1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

function readPiece(piece: FilePiece): ReadPiece {
  const lines = new LineCounter();
  const locate = (offset: number): FilePosition => {
    const { line, col } = lines.linePos(offset);
    return { line: line + piece.linesBefore, column: col };
  };
  const start = { line: piece.linesBefore + 1, column: 1 };
  if (isTooDeep(piece.text)) {
    const detail = `has more than ${MAX_DEPTH} levels in each other`;
    return { machines: [], mistakes: [{ ...start, pointer: '', detail }] };
  }
  try {
    // Duplicate keys are found when all machines are known; here it would take quadratic time.
    const options = { lineCounter: lines, prettyErrors: false, uniqueKeys: false, merge: true } as const;
    const document = parseDocument(piece.text, { ...options, logLevel: 'error' });
    const broken = document.errors.map(({ pos, message }) => ({ ...locate(pos[0]), pointer: '', detail: message }));
    return broken.length > 0 ? { machines: [], mistakes: broken } : readEntries(document, locate);
  } catch (error) {
    // The parser recurses into what is nested, and throws when the stack ends.
    return { machines: [], mistakes: [{ ...start, pointer: '', detail: unreadable(error) }] };
  }
}

function unreadable(error: unknown): string {
  return `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
}

type Locate = (offset: number) => FilePosition;

function readEntries(document: Document.Parsed, locate: Locate): ReadPiece {
  const { contents } = document;
  const machines: LocatedMachine[] = [];
  const mistakes: FileMistake[] = [];
  if (!isMap(contents)) {
    // Nothing but comments: pieces of a large file may be.
    if (isNothing(contents)) return { machines, mistakes };
    const detail = 'must be machines by their MAC addresses';
    return { machines, mistakes: [{ ...locate(startOf(contents)), pointer: '', detail }] };
  }
  for (const pair of contents.items) {
    const read = readMachine(pair, { document, locate });
    if (read.ok) machines.push(read.value);
    else mistakes.push(...read.fault);
  }
  return { machines, mistakes };
}

function readMachine(
  { key, value }: Pair<Node, Node | null>,
  { document, locate }: { readonly document: Document.Parsed; readonly locate: Locate },
): Result<LocatedMachine, readonly FileMistake[]> {
  const name = isScalar(key) ? (key.source ?? String(key.value)) : '';
  const keyAt = locate(startOf(key));
  const pointer = `/${name}`;
  const mac = parseMac(name);
  if (mac === undefined) {
    return fail([{ ...keyAt, pointer, detail: 'must be a unicast MAC address such as 00:1a:2b:3c:4d:5e' }]);
  }
  if (!isMap(value)) {
    return fail([
      {
        ...(isNothing(value) ? keyAt : locate(startOf(value))),
        pointer,
        detail: 'must be an object with ipAddress and subnetMask',
      },
    ]);
  }
  const repeated = findRepeatedFields(value, { pointer, locate });
  if (repeated.length > 0) return fail(repeated);
  const at = (path: string): FilePosition => locate(offsetOf(value, path.split('/').slice(1)) ?? startOf(key));
  const checked = checkDocument(MachineFileRecord, written(value.toJS(document, { maxAliasCount: MAX_ALIASES })));
  if (!checked.ok) {
    return fail(firstPerField(checked.fault.errors).map((error) => placed(error, pointer, at)));
  }
  return ok({
    ...{ mac, key: name, record: checked.value },
    at: {
      key: keyAt,
      ipAddress: at('/ipAddress'),
      subnetMask: at('/subnetMask'),
      broadcastAddress: at('/broadcastAddress'),
    },
  });
}

/** A field that is missing or of another kind breaks several of its rules. */
function firstPerField(errors: readonly FieldProblem[]): readonly FieldProblem[] {
  return errors.filter(({ pointer }, index) => errors.findIndex((other) => other.pointer === pointer) === index);
}

function placed(
  error: FieldProblem,
  ...[parent, at]: [parent: string, at: (path: string) => FilePosition]
): FileMistake {
  return { ...at(error.pointer), pointer: `${parent}${error.pointer}`, detail: error.detail };
}

/** Fields under their names; a key without a value, or with an empty one, says nothing. */
function written(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const said = Object.entries(value).filter(([, item]) => item !== null && item !== '');
  return Object.fromEntries(said.map(([name, item]) => [fieldNameOf(name), written(item)]));
}

/** Where the value at the path is, or the key of one that has none; `undefined` when there is no such key. */
function offsetOf(map: YAMLMap, [name, ...rest]: readonly string[]): number | undefined {
  const pair = map.items.find(({ key }) => isScalar(key) && fieldNameOf(String(key.value)) === name);
  if (pair === undefined) return undefined;
  const [key, value] = [pair.key as Node, pair.value as Node | null];
  if (rest.length > 0 && isMap(value)) return offsetOf(value, rest) ?? startOf(key);
  return isNothing(value) ? startOf(key) : startOf(value);
}

function isNothing(value: Node | null): value is null {
  return value === null || (isScalar(value) && value.value === null);
}
