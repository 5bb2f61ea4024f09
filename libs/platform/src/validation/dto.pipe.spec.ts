import 'reflect-metadata';
import { Type } from 'class-transformer';
import { IsArray, IsDefined, IsInt, IsOptional, IsString, Max, MaxLength, Min, ValidateNested } from 'class-validator';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProblemError } from '../problems/problem-error.js';
import { DtoPipe, MAX_FIELD_PROBLEMS } from './dto.pipe.js';

class Disk {
  @IsDefined({ message: '$property is required' }) @IsString({ message: '$property must be text' }) device!: string;
}

class Machine {
  @IsDefined({ message: '$property is required' })
  @IsString({ message: '$property must be text' })
  @MaxLength(5)
  sn!: string;
  @IsOptional() @ValidateNested({ each: true }) @IsArray() @Type(() => Disk) disks?: Disk[];
  @IsOptional() @Type(() => Number) @IsInt({ message: '$property must be an integer' }) @Min(1) @Max(9) limit?: number;
}

const pipe = new DtoPipe(Machine);

function refusal(value: unknown, type: 'body' | 'query' | 'param' = 'body'): ProblemError {
  try {
    pipe.transform(value, { type });
  } catch (error) {
    if (error instanceof ProblemError) return error;
    throw error;
  }
  throw new Error('accepted');
}

describe('DtoPipe', () => {
  it('gives an instance of the class', () => {
    const machine = pipe.transform({ sn: 'a', disks: [{ device: '/dev/sda' }] }, { type: 'body' });
    expect(machine).toBeInstanceOf(Machine);
    expect(machine.disks?.[0]).toBeInstanceOf(Disk);
  });

  it('names every bad field once, nested ones by pointer', () => {
    const { code, errors, message } = refusal({
      disks: [{ device: '/dev/sda' }, { device: 1 }, {}, { device: 'x', 'a/b~c': 1 }],
      limit: 'x',
      extra: 1,
    });
    expect(code).toBe('invalid-request');
    expect(Object.fromEntries((errors ?? []).map(({ pointer, detail }) => [pointer, detail]))).toEqual({
      '/sn': 'sn is required',
      '/disks/1/device': 'device must be text',
      '/disks/2/device': 'device is required',
      '/disks/3/a~1b~0c': 'a/b~c is not a known field',
      '/limit': expect.stringContaining('limit must be an integer') as string,
      '/extra': 'extra is not a known field',
    });
    expect(message).toMatch(/^Invalid body: .*; and 2 more$/);
  });

  it('names nested fields by their path in the detail', () => {
    expect(refusal({ sn: 'a', disks: [{ device: 1 }] }).message).toBe('Invalid body: disks.0.device must be text');
  });

  it.each([
    [undefined, 'there is none'],
    [null, 'there is none'],
    [[], 'found a list'],
    ['x', 'found a string'],
    [3, 'found a number'],
  ])('refuses %j as a body', (value, detail) => {
    expect(refusal(value).message).toContain(detail);
  });

  it('takes a missing body as empty where that is allowed', () => {
    class Note {
      @IsOptional() @IsString() notes?: string;
    }
    expect(new DtoPipe(Note, { allowEmpty: true }).transform(undefined, { type: 'body' })).toBeInstanceOf(Note);
  });

  it('turns query strings into numbers where declared, and refuses repeated ones', () => {
    expect(pipe.transform({ sn: 'a', limit: '3' }, { type: 'query' }).limit).toBe(3);
    expect(refusal({ sn: ['a', 'b'] }, 'query').message).toMatch(/^Invalid query string: .*sn must be text/);
    expect(refusal({ sn: 'abcdef' }, 'param').message).toContain('Invalid path: sn');
  });

  it.each(['{"__proto__":{"sn":"a"}}', '{"sn":"a","disks":[{"constructor":null}]}', '{"sn":"a","constructor":1}'])(
    'refuses %s',
    (json) => {
      expect(refusal(JSON.parse(json)).message).toContain('is not allowed');
    },
  );

  it('refuses nesting that would exhaust a stack', () => {
    const deep: unknown = JSON.parse(`${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`);
    expect(refusal(deep).message).toContain('nested more than 32 deep');
  });

  it('keeps the answer small when everything is wrong', () => {
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`x${String(i)}`, 1]));
    const { errors } = refusal(many);
    expect(errors).toHaveLength(MAX_FIELD_PROBLEMS);
    const { errors: long } = refusal({ ['y'.repeat(100_000)]: 1 });
    expect(JSON.stringify(long).length).toBeLessThan(2_000);
  });

  it('never fails in another way than by naming what is wrong', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        try {
          pipe.transform(JSON.parse(json), { type: 'body' });
        } catch (error) {
          expect(error).toBeInstanceOf(ProblemError);
        }
      }),
    );
  });
});
