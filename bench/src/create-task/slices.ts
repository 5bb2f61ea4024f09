/** Something to be measured, once. */
export type Operation = () => Promise<void>;

/** How long each of `count` operations took in milliseconds, one after the other. */
export async function latencySlice(operation: Operation, count: number): Promise<readonly number[]> {
  const samples: number[] = [];
  for (let done = 0; done < count; done += 1) {
    const startedAt = performance.now();
    await operation();
    samples.push(performance.now() - startedAt);
  }
  return samples;
}

/** Operations per second while `callers` repeat it side by side for `durationMs`. */
export async function throughputSlice(
  operation: Operation,
  { callers, durationMs }: { readonly callers: number; readonly durationMs: number },
): Promise<number> {
  let done = 0;
  const startedAt = performance.now();
  const call = async (): Promise<void> => {
    while (performance.now() - startedAt < durationMs) {
      await operation();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  return (done * 1_000) / (performance.now() - startedAt);
}
