import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** What the API description says about the service. */
export interface ApiInfo {
  readonly title: string;
  readonly version: string;
  readonly description?: string;
  /** What the bearer token of authenticated routes is. */
  readonly bearer?: string;
  /** Routes that are no controllers: files, scripts, streams. */
  readonly paths?: ApiPaths;
}

/** Operations by path and method, as OpenAPI has them. */
export type ApiPaths = OpenAPIObject['paths'];

type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;

/** The error object of every answer above 399 (RFC 9457). */
const problemSchemas: Schemas = {
  FieldProblem: {
    type: 'object',
    required: ['pointer', 'detail'],
    properties: {
      pointer: { type: 'string', description: 'RFC 6901 pointer to the field', example: '/mac' },
      detail: { type: 'string', example: 'mac must be a MAC address' },
    },
  },
  Problem: {
    type: 'object',
    required: ['type', 'title', 'status', 'detail', 'code', 'error'],
    properties: {
      type: { type: 'string', format: 'uri', example: 'urn:rackwright:problem:invalid-request' },
      title: { type: 'string' },
      status: { type: 'integer' },
      detail: { type: 'string' },
      instance: { type: 'string', description: 'Path of the request' },
      code: { type: 'string', description: 'Stable code', example: 'invalid-request' },
      traceId: { type: 'string', description: 'Leads to the trace and the log lines of this request' },
      errors: { type: 'array', items: { $ref: '#/components/schemas/FieldProblem' } },
      error: { type: 'string', description: 'Equal to detail' },
    },
  },
};

const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options'] as const;

/** Describes the routes of an application (OpenAPI 3). */
export function describeApi(app: NestFastifyApplication, info: ApiInfo): OpenAPIObject {
  const builder = new DocumentBuilder().setTitle(info.title).setVersion(info.version);
  if (info.description !== undefined) builder.setDescription(info.description);
  if (info.bearer !== undefined) {
    builder.addBearerAuth({ type: 'http', scheme: 'bearer', description: info.bearer });
  }
  const described = SwaggerModule.createDocument(app, builder.build());
  const document = { ...described, paths: { ...described.paths, ...info.paths } };
  for (const path of Object.values(document.paths)) {
    for (const method of METHODS) {
      const operation = path[method];
      if (operation !== undefined) operation.responses['default'] ??= problemResponse();
    }
  }
  const schemas: Schemas = { ...document.components?.schemas, ...problemSchemas };
  return { ...document, components: { ...document.components, schemas } };
}

function problemResponse(): { description: string; content: Record<string, { schema: { $ref: string } }> } {
  return {
    description: 'Refused or failed',
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
}

/** Serves the description at `/openapi.json` and a page to try it at `/docs`, built on first use, assets from disk. */
export function serveApiDescription(app: NestFastifyApplication, info: ApiInfo): void {
  SwaggerModule.setup('docs', app, () => describeApi(app, info), {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: info.title,
  });
}
