import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { IsDefined, ValidateBy, ValidateIf, ValidateNested } from 'class-validator';
import { Transform, Type } from 'class-transformer';
import { registerField, type FieldReader, type FieldSpec } from './field-registry.js';

/** What every field decorator takes. */
export interface FieldOptions {
  readonly description: string;
  /** Default: required. `null` counts as a value, not as absence. */
  readonly optional?: boolean;
  readonly example?: unknown;
}

/** One rule of a field: `check` sees the value as it came in. */
export interface FieldRule {
  readonly name: string;
  readonly check: (value: unknown) => boolean;
  /** Completes the sentence "{field} …". */
  readonly message: string;
}

/** Turns a rule into a class-validator decorator. */
function ruleDecorator(rule: FieldRule): PropertyDecorator {
  return ValidateBy({
    name: rule.name,
    validator: {
      validate: (value: unknown) => rule.check(value),
      defaultMessage: () => `$property ${rule.message}`,
    },
  });
}

interface Assembly extends Omit<FieldReader, 'check'> {
  readonly options: FieldOptions;
  readonly spec: Omit<FieldSpec, 'name' | 'required' | 'example'>;
  readonly api: ApiPropertyOptions;
  readonly rule: FieldRule;
}

/** Combines presence, rule, registry and OpenAPI into one property decorator. */
export function assembleField({ options, spec, api, rule, normalise, parse, nested }: Assembly): PropertyDecorator {
  const required = options.optional !== true;
  const example = options.example === undefined ? {} : { example: options.example };
  const presence = required
    ? IsDefined({ message: '$property is required' })
    : ValidateIf((_, value) => value !== undefined);
  const documented = ApiProperty({
    ...api,
    ...example,
    description: options.description,
    required,
  } as ApiPropertyOptions);
  const rules = [
    ruleDecorator(rule),
    ...(nested === undefined ? [] : [ValidateNested({ each: nested.isList })]),
    presence,
  ];
  const forms = [
    ...(nested === undefined ? [] : [Type(() => nested.schema)]),
    ...(normalise === undefined ? [] : [formDecorator(normalise)]),
  ];
  const reader: FieldReader = {
    check: rule.check,
    ...(normalise === undefined ? {} : { normalise }),
    ...(parse === undefined ? {} : { parse }),
    ...(nested === undefined ? {} : { nested }),
  };
  return (target, key) => {
    for (const decorate of [...rules, ...forms, documented]) decorate(target, key);
    registerField(target, {
      spec: { ...spec, ...example, name: String(key), required },
      reader,
      ruleCount: rules.length,
    });
  };
}

/** Starts from the value as it was sent: class-transformer would rebuild a free-form one, and drop what it does not know. */
function formDecorator(normalise: (value: unknown) => unknown): PropertyDecorator {
  return Transform(({ obj, key }: { obj: Record<string, unknown>; key: string }) => normalise(obj[key]));
}
