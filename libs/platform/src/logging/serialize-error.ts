/** How deep chains of causes are written. */
const MAX_CAUSES = 8;

/** An error as a log line carries it: type, message, code, stack and the chain of its causes. */
export function serializeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error;
  const code: unknown = 'code' in error ? error.code : undefined;
  const inner = depth >= MAX_CAUSES ? undefined : error.cause;
  const errors: readonly unknown[] = error instanceof AggregateError ? error.errors : [];
  return {
    type: error.name,
    message: error.message,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    stack: error.stack,
    ...(inner === undefined || inner === null ? {} : { cause: serializeError(inner, depth + 1) }),
    ...(errors.length === 0 || depth >= MAX_CAUSES
      ? {}
      : { errors: errors.slice(0, MAX_CAUSES).map((one) => serializeError(one, depth + 1)) }),
  };
}
