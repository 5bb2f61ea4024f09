import { applyDecorators, HttpCode } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiBody,
  ApiExtraModels,
  ApiHeader,
  ApiOperation,
  ApiParam,
  ApiQuery,
  ApiResponse,
} from '@nestjs/swagger';
import { fieldsOf, problemCatalog, type FieldSpec, type ProblemCode } from '@rackwright/contracts';

type Dto = new () => object;

/** What a route takes and answers; everything its clients can rely on. */
export interface RouteSpec {
  readonly summary: string;
  readonly description?: string;
  readonly path?: Dto;
  readonly query?: Dto;
  readonly body?: Dto;
  /** The body may be left out. */
  readonly isBodyOptional?: boolean;
  /** Default 200, or 204 without an answer. */
  readonly status?: number;
  readonly answer?: Dto;
  /** The answer is a list of `answer`. */
  readonly isList?: boolean;
  /** The list comes in pages. */
  readonly isPaged?: boolean;
  /** Media types of a streamed answer. */
  readonly streams?: readonly string[];
  /** The write honours `If-Match`. */
  readonly isConditional?: boolean;
  /** The write honours `Idempotency-Key`. */
  readonly isWrite?: boolean;
  /** The caller proves who it is with a bearer token. */
  readonly isAuthenticated?: boolean;
  /** `false`: it is answered from what the service holds itself. */
  readonly asksStore?: boolean;
  /** Refusals besides those every route of its kind has. */
  readonly problems?: readonly ProblemCode[];
}

/** Kinds that JSON schema knows by the same name; all others are texts with a form of their own. */
function isPlainKind(kind: FieldSpec['kind']): boolean {
  return kind === 'integer' || kind === 'number' || kind === 'boolean';
}

function schemaOf({ kind, min, max, maxLength, values, example }: FieldSpec): Record<string, unknown> {
  const type = isPlainKind(kind) ? kind : 'string';
  const schema = { type, minimum: min, maximum: max, maxLength, enum: values && [...values], example };
  return Object.fromEntries(Object.entries(schema).filter(([, member]) => member !== undefined));
}

function inputDecorators({ path, query, body, isBodyOptional }: RouteSpec): MethodDecorator[] {
  const params = path === undefined ? [] : fieldsOf(path);
  const queries = query === undefined ? [] : fieldsOf(query);
  return [
    ...params.map((field) => ApiParam({ name: field.name, required: true, schema: schemaOf(field) })),
    ...queries.map((field) => ApiQuery({ name: field.name, required: field.required, schema: schemaOf(field) })),
    ...(body === undefined ? [] : [ApiBody({ type: body, required: isBodyOptional !== true })]),
  ];
}

function headerDecorators({ isConditional, isWrite }: RouteSpec): MethodDecorator[] {
  const ifMatch = { name: 'If-Match', required: false, description: 'Entity tag the write is meant for, else 412' };
  const key = { name: 'Idempotency-Key', required: false, description: 'Makes repeated requests happen once' };
  return [...(isConditional === true ? [ApiHeader(ifMatch)] : []), ...(isWrite === true ? [ApiHeader(key)] : [])];
}

const PAGE_HEADERS = {
  Link: { description: 'The next page, rel="next"', schema: { type: 'string' } },
  'X-Total-Count': { description: 'Items in all pages', schema: { type: 'integer' } },
} as const;

function answerDecorator(spec: RouteSpec): MethodDecorator {
  const status = statusOf(spec);
  const description = status === 201 ? 'Created' : status === 204 ? 'Done' : 'The answer';
  if (spec.streams !== undefined) {
    const media = spec.streams.map((type) => [type, { schema: { type: 'string' } }] as const);
    return ApiResponse({ status, description, content: Object.fromEntries(media) });
  }
  if (spec.answer === undefined) return ApiResponse({ status, description });
  const headers = spec.isPaged === true ? { headers: PAGE_HEADERS } : {};
  return ApiResponse({ status, description, type: spec.answer, isArray: spec.isList === true, ...headers });
}

function statusOf({ status, answer, streams }: RouteSpec): number {
  return status ?? (answer === undefined && streams === undefined ? 204 : 200);
}

function problemCodes(spec: RouteSpec): readonly ProblemCode[] {
  const takesInput = [spec.path, spec.query, spec.body].some((dto) => dto !== undefined);
  return [
    ...(takesInput ? (['invalid-request'] as const) : []),
    ...(spec.body === undefined ? [] : (['malformed-json', 'body-too-large', 'unsupported-media-type'] as const)),
    ...(spec.isConditional === true ? (['revision-mismatch'] as const) : []),
    ...(spec.isWrite === true ? (['idempotency-key-reused', 'idempotency-key-in-progress'] as const) : []),
    ...(spec.isAuthenticated === true ? (['unauthenticated'] as const) : []),
    ...(spec.problems ?? []),
    ...(spec.asksStore === false ? [] : (['store-unavailable'] as const)),
  ];
}

function problemDecorators(spec: RouteSpec): MethodDecorator[] {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of problemCodes(spec)) {
    const { status } = problemCatalog[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const schema = { $ref: '#/components/schemas/Problem' };
  return [...byStatus].map(([status, codes]) =>
    ApiResponse({
      status,
      description: `Problem: ${codes.join(', ')}`,
      content: { 'application/problem+json': { schema } },
      ...(status === 503 ? { headers: { 'Retry-After': { schema: { type: 'integer' } } } } : {}),
    }),
  );
}

/** Sets the status of a route and describes it in the API description. */
export function Route(spec: RouteSpec): MethodDecorator {
  const { summary, description } = spec;
  return applyDecorators(
    HttpCode(statusOf(spec)),
    ApiOperation({ summary, ...(description === undefined ? {} : { description }) }),
    ...(spec.body === undefined ? [] : [ApiExtraModels(spec.body)]),
    ...inputDecorators(spec),
    ...headerDecorators(spec),
    answerDecorator(spec),
    ...problemDecorators(spec),
    ...(spec.isAuthenticated === true ? [ApiBearerAuth()] : []),
  );
}
