/** How deep chains of causes are written, and how many errors of an aggregate. */
const MAX_CAUSES = 8;

/** An error as a log line carries it: type, message, code, stack and the chain of its causes. */
export function serializeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message, stack } = error;
  return { type: name, message, ...codeOf(error), stack, ...(depth < MAX_CAUSES ? innerErrors(error, depth + 1) : {}) };
}

function codeOf(error: Error): { readonly code?: string | number } {
  const code: unknown = 'code' in error ? error.code : undefined;
  return typeof code === 'string' || typeof code === 'number' ? { code } : {};
}

function innerErrors(error: Error, depth: number): Record<string, unknown> {
  const inner: Record<string, unknown> = {};
  if (error.cause !== undefined && error.cause !== null) inner['cause'] = serializeError(error.cause, depth);
  if (error instanceof AggregateError) {
    inner['errors'] = error.errors.slice(0, MAX_CAUSES).map((one: unknown) => serializeError(one, depth));
  }
  return inner;
}
