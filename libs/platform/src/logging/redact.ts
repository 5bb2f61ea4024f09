const REDACTED = '[redacted]';
/** Deeper values are written as they are: log fields are flat, and a walk of everything would cost more than the line. */
const MAX_DEPTH = 4;

/** Names whose values never reach a log, in any spelling (`bootToken`, `boot_token`, `Set-Cookie`). */
const SECRET_NAME =
  /^(?:authorization|proxyauthorization|cookie|setcookie|privatekey|apikey|credentials?)$|password|passwd|secret|token$/;
const TOKEN_IN_TEXT = /([?&;\s](?:rw[._-]?)?(?:boot_?)?token=)[^&;\s]+|(\bBearer )\S+/gi;

/** Names come from code and are few; those of documents that users send could be many. */
const MAX_KNOWN_NAMES = 1_000;
const knownNames = new Map<string, boolean>();

function isSecretName(name: string): boolean {
  const known = knownNames.get(name);
  if (known !== undefined) return known;
  const isSecret = SECRET_NAME.test(name.toLowerCase().replace(/[-_.]/g, ''));
  if (knownNames.size < MAX_KNOWN_NAMES) knownNames.set(name, isSecret);
  return isSecret;
}

/** `fields` with secrets replaced: by the name of the field, and tokens inside URLs and header texts. */
export function redact(fields: object): Record<string, unknown> {
  return redactObject(fields, 0);
}

function redactObject(value: object, depth: number): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value)) {
    const present = field !== undefined && field !== null;
    result[name] = present && isSecretName(name) ? REDACTED : redactValue(field, depth + 1);
  }
  return result;
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.replace(TOKEN_IN_TEXT, `$1$2${REDACTED}`);
  if (typeof value !== 'object' || value === null || depth >= MAX_DEPTH) return value;
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? redactObject(value, depth) : value;
}
