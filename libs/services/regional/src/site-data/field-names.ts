import { isMap, isScalar, type Node, type YAMLMap } from 'yaml';
import { fieldsOf, MachineFileNetboot, MachineFileRecord } from '@rackwright/contracts';
import type { FileMistake, FilePosition } from './file-mistake.js';

/** Smee takes its fields in any case: `allowPXE` and `allowPxe` are the same. */
const NAMES = new Map(
  [MachineFileRecord, MachineFileNetboot].flatMap(fieldsOf).map(({ name }) => [name.toLowerCase(), name]),
);

/** The name of a field as the schema has it; that of an unknown one stays. */
export function fieldNameOf(name: string): string {
  return NAMES.get(name.toLowerCase()) ?? name;
}

interface Place {
  readonly pointer: string;
  readonly locate: (offset: number) => FilePosition;
}

/** Fields that a machine has twice: the second would silently win. */
export function findRepeatedFields(map: YAMLMap, { pointer, locate }: Place): readonly FileMistake[] {
  const mistakes: FileMistake[] = [];
  const firsts = new Map<string, number>();
  for (const { key, value } of map.items) {
    if (!isScalar(key) || key.value === '<<') continue;
    const name = fieldNameOf(String(key.value));
    const first = firsts.get(name);
    if (first === undefined) {
      firsts.set(name, startOf(key));
    } else {
      const detail = `${name} already stands in line ${locate(first).line}`;
      mistakes.push({ ...locate(startOf(key)), pointer: `${pointer}/${name}`, detail });
    }
    if (isMap(value)) mistakes.push(...findRepeatedFields(value, { pointer: `${pointer}/${name}`, locate }));
  }
  return mistakes;
}

/** Where a node begins in what was parsed. */
export function startOf(node: Node): number {
  return node.range?.[0] ?? 0;
}
