import { fail, ok, type Result } from '@rackwright/kernel';

/**
 * The two comment lines that iPXE builds of the Tinkerbell project (ipxedust) carry in their embedded script to be
 * written over: 131 octets, found once in a binary whose script is not compressed.
 */
const EMBEDDED_SCRIPT_MARKER =
  '#a8b7e61f1075c37a793f2f92cee89f7bba00c4a8d7842ce3d40b5889032d8881\n' +
  '#ddd16a4fc4926ecefdfb6941e33c44ed3647133638f5e84021ea44d3152e7f97';

const marker = Buffer.from(EMBEDDED_SCRIPT_MARKER, 'latin1');
const SPACE = 0x20;
const PRINTABLE = /^[\x20-\x7e]*$/;

/** Why lines cannot take the marker's place. */
export type EmbeddedScriptFault =
  | { readonly code: 'script-too-long'; readonly octets: number; readonly room: number }
  | { readonly code: 'text-has-control-characters'; readonly text: string };

/** Where the marker is in a binary, in order. */
export function findEmbeddedScripts(bytes: Uint8Array): readonly number[] {
  const searched = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const offsets: number[] = [];
  for (let at = searched.indexOf(marker); at !== -1; at = searched.indexOf(marker, at + marker.length)) {
    offsets.push(at);
  }
  return offsets;
}

/** The octets that stand where the marker was: the lines, and spaces up to the marker's length, so that nothing moves. */
export function embeddedScript(lines: readonly string[]): Result<Uint8Array, EmbeddedScriptFault> {
  const refused = lines.find((line) => !PRINTABLE.test(line));
  if (refused !== undefined) return fail({ code: 'text-has-control-characters', text: refused });
  const text = Buffer.from(lines.join('\n'), 'latin1');
  if (text.length > marker.length) return fail({ code: 'script-too-long', octets: text.length, room: marker.length });
  const padded = Buffer.alloc(marker.length, SPACE);
  text.copy(padded);
  return ok(padded);
}

/** A copy of an iPXE binary with `lines` in its embedded script; the same octets when there is no marker or no line. */
export function patchEmbeddedScript(
  bytes: Uint8Array,
  lines: readonly string[],
): Result<Uint8Array, EmbeddedScriptFault> {
  const script = embeddedScript(lines);
  if (!script.ok) return script;
  const offsets = lines.length === 0 ? [] : findEmbeddedScripts(bytes);
  if (offsets.length === 0) return ok(bytes);
  const patched = Uint8Array.from(bytes);
  for (const offset of offsets) patched.set(script.value, offset);
  return ok(patched);
}
