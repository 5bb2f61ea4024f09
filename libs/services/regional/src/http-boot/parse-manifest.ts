import { fail, ok, type Result } from '@rackwright/kernel';

/** A file as it has to be. */
export interface ManifestEntry {
  /** Path below the asset directory. */
  readonly name: string;
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  /** Octets. */
  readonly size: number;
  /** The package it was taken from. */
  readonly source?: { readonly package: string; readonly version: string };
}

/** Why a text is no manifest; `pointer` is the place, as in RFC 6901. */
export interface ManifestFault {
  readonly code: 'not-json' | 'invalid-entry' | 'unknown-version';
  readonly pointer: string;
}

const DIGEST = /^[0-9a-f]{64}$/;
const MANIFEST_VERSION = 1;

/** Reads a manifest: `{"version": 1, "files": [{"name", "sha256", "size", "source"?}]}`. */
export function parseManifest(text: string): Result<readonly ManifestEntry[], ManifestFault> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return fail({ code: 'not-json', pointer: '' });
  }
  if (!isObject(document) || document['version'] !== MANIFEST_VERSION) {
    return fail({ code: 'unknown-version', pointer: '/version' });
  }
  const { files } = document;
  if (!Array.isArray(files)) return fail({ code: 'invalid-entry', pointer: '/files' });
  const entries: ManifestEntry[] = [];
  for (const [index, file] of (files as unknown[]).entries()) {
    const entry = entryOf(file);
    if (entry === undefined) return fail({ code: 'invalid-entry', pointer: `/files/${index}` });
    entries.push(entry);
  }
  return ok(entries);
}

function entryOf(file: unknown): ManifestEntry | undefined {
  if (!isObject(file)) return undefined;
  const { name, sha256, size, source } = file;
  if (typeof name !== 'string' || !isBelow(name)) return undefined;
  if (typeof sha256 !== 'string' || !DIGEST.test(sha256)) return undefined;
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return undefined;
  return { name, sha256, size, ...(isSource(source) ? { source } : {}) };
}

function isBelow(name: string): boolean {
  return name !== '' && !name.includes('\0') && name.split('/').every((part) => !['', '.', '..'].includes(part));
}

function isSource(source: unknown): source is NonNullable<ManifestEntry['source']> {
  return isObject(source) && typeof source['package'] === 'string' && typeof source['version'] === 'string';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
