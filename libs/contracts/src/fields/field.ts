import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { IsDefined, ValidateBy, ValidateIf } from 'class-validator';
import { registerField, type FieldSpec } from './field-registry.js';

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
export function ruleDecorator(rule: FieldRule): PropertyDecorator {
  return ValidateBy({
    name: rule.name,
    validator: {
      validate: (value: unknown) => rule.check(value),
      defaultMessage: () => `$property ${rule.message}`,
    },
  });
}

interface Assembly {
  readonly options: FieldOptions;
  readonly spec: Omit<FieldSpec, 'name' | 'required' | 'example'>;
  readonly api: ApiPropertyOptions;
  readonly decorators: readonly PropertyDecorator[];
}

/** Combines presence, rules, registry and OpenAPI into one property decorator. */
export function assembleField({ options, spec, api, decorators }: Assembly): PropertyDecorator {
  const required = options.optional !== true;
  const example = options.example === undefined ? {} : { example: options.example };
  const presence = required
    ? [IsDefined({ message: '$property is required' })]
    : [ValidateIf((_, value) => value !== undefined)];
  const documented = ApiProperty({
    ...api,
    ...example,
    description: options.description,
    required,
  } as ApiPropertyOptions);
  return (target, key) => {
    for (const decorate of [...decorators, ...presence, documented]) decorate(target, key);
    registerField(target, { ...spec, ...example, name: String(key), required });
  };
}
