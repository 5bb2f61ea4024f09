import { createHash } from 'node:crypto';
import type { Revision } from '@rackwright/contracts';
import { fail, ok, type Idc, type Result } from '@rackwright/kernel';
import type { RecordText } from './record-kind.js';

/** Raised when the layout of the document changes; an older one is refused then. */
const FORMAT = 1;

/** Which part of which view a document is. */
export interface SnapshotPart {
  readonly idc: Idc;
  readonly part: number;
  readonly parts: number;
}

/** A part of the view as it lies on disk. */
export interface Snapshot {
  readonly revision: Revision;
  readonly records: readonly RecordText[];
}

/** Why a document is not the part of this region's snapshot that it should be. */
export type SnapshotFault =
  | { readonly code: 'snapshot-damaged'; readonly detail: string }
  | { readonly code: 'snapshot-of-other-idc'; readonly idc: string };

interface SnapshotHeader {
  readonly format: number;
  readonly idc: string;
  readonly part: number;
  readonly parts: number;
  readonly revision: string;
  readonly sha256: string;
}

/** One header line, then one line of JSON per record. */
export function formatSnapshot(of: SnapshotPart, revision: Revision, records: Iterable<RecordText>): string {
  const lines: string[] = [];
  for (const { key, json, modRevision } of records) lines.push(JSON.stringify([key, String(modRevision), json]));
  const body = lines.join('\n');
  const { idc, part, parts } = of;
  const header: SnapshotHeader = {
    ...{ format: FORMAT, idc, part, parts },
    revision: String(revision),
    sha256: digestOf(body),
  };
  return `${JSON.stringify(header)}\n${body}`;
}

/** Reads a part of a snapshot; refuses one of another IDC, of another format or division, or with a wrong checksum. */
export function parseSnapshot(of: SnapshotPart, text: string): Result<Snapshot, SnapshotFault> {
  const end = text.indexOf('\n');
  const header = parseHeader(text.slice(0, Math.max(end, 0)));
  if (header === undefined) return fail({ code: 'snapshot-damaged', detail: 'no header' });
  if (header.idc !== of.idc) return fail({ code: 'snapshot-of-other-idc', idc: header.idc });
  if (header.part !== of.part || header.parts !== of.parts) {
    return fail({ code: 'snapshot-damaged', detail: 'another part of a snapshot' });
  }
  const body = text.slice(end + 1);
  if (digestOf(body) !== header.sha256) return fail({ code: 'snapshot-damaged', detail: 'checksum mismatch' });
  const records = body === '' ? [] : body.split('\n').map(parseLine);
  return ok({ revision: BigInt(header.revision), records });
}

function parseHeader(line: string): SnapshotHeader | undefined {
  try {
    const header = JSON.parse(line) as Partial<SnapshotHeader> | null;
    if (header?.format !== FORMAT || typeof header.idc !== 'string') return undefined;
    return /^\d+$/.test(header.revision ?? '') ? (header as SnapshotHeader) : undefined;
  } catch {
    return undefined;
  }
}

/** The checksum held, so the line is as it was written. */
function parseLine(line: string): RecordText {
  const [key, modRevision, json] = JSON.parse(line) as [string, string, string];
  return { key, modRevision: BigInt(modRevision), json };
}

function digestOf(body: string): string {
  return createHash('sha256').update(body).digest('hex');
}
