/** The value below which `share` (0 to 1) of the samples lie, interpolated; throws without samples. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((left, right) => left - right);
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  if (below === undefined || above === undefined) throw new RangeError('a percentile needs at least one sample');
  return below + (above - below) * (position - Math.floor(position));
}

export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5);
}

/** The quotient of each pair, in order; pairs taken one after the other share what the machine was doing meanwhile. */
export function ratios(numerators: readonly number[], denominators: readonly number[]): readonly number[] {
  return numerators.flatMap((numerator, index) => {
    const denominator = denominators[index];
    return denominator === undefined ? [] : [numerator / denominator];
  });
}
