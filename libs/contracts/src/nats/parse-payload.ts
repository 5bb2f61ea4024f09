import 'reflect-metadata';
import { plainToInstance, type ClassConstructor } from 'class-transformer';
import { validateSync } from 'class-validator';
import { fail, ok, type Result } from '@rackwright/kernel';
import { fieldProblems } from '../etcd/record-codec.js';
import type { FieldProblem } from '../problems/problem.js';

/** A payload this wrong is not described field by field beyond this many entries. */
const MAX_FIELD_PROBLEMS = 100;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Parses octets off the bus into an instance of a payload class, with every invalid field named.
 * Whatever the octets are, this never throws. Fields the class does not declare are refused in requests and dropped
 * from replies, so that a newer responder may add one.
 */
export function parsePayload<T extends object>(
  shape: ClassConstructor<T>,
  octets: Uint8Array,
  unknownFields: 'refuse' | 'drop',
): Result<T, readonly FieldProblem[]> {
  const plain = parseJsonObject(octets);
  if (plain === undefined) return fail([{ pointer: '', detail: 'must be a JSON object' }]);
  try {
    const payload = plainToInstance(shape, plain);
    const errors = validateSync(payload, {
      whitelist: true,
      forbidNonWhitelisted: unknownFields === 'refuse',
      forbidUnknownValues: false,
    });
    return errors.length === 0 ? ok(payload) : fail(fieldProblems(errors).slice(0, MAX_FIELD_PROBLEMS));
  } catch {
    // Nesting deep enough to exhaust the stack of the transformer ends here.
    return fail([{ pointer: '', detail: 'cannot be read as this payload' }]);
  }
}

function parseJsonObject(octets: Uint8Array): object | undefined {
  try {
    const value: unknown = JSON.parse(utf8.decode(octets));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
