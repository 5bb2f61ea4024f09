import { Liquid, type Template } from 'liquidjs';
import type { TemplateEngine, TemplateFault } from '@rackwright/contracts';
import { quoteForKickstart, quoteForPreseed, quoteForShell, quoteForYaml, RefusedValue } from './quote-value.js';

/** Bounds of one template. */
export interface TemplateLimits {
  /** Longest template; default 256 Ki characters. */
  readonly maxTemplateChars?: number;
  /** Longest result, and about how much text rendering may make on the way; default 4 Mi characters. */
  readonly maxOutputChars?: number;
  /** Longest rendering; default 500 ms. */
  readonly maxRenderMs?: number;
}

/** Parsed templates kept; there are a few per profile. */
const CACHED_TEMPLATES = 64;
/** Tags that read other templates. */
const FILE_TAGS = ['include', 'render', 'layout', 'block'] as const;

type Rendering = ReturnType<TemplateEngine['render']>;
type Parsed = { readonly ok: true; readonly value: Template[] } | { readonly ok: false; readonly fault: TemplateFault };

/** Liquid with our quoting filters `sh`, `yaml`, `preseed` and `kickstart`. */
export class LiquidTemplates implements TemplateEngine {
  readonly #engine: Liquid;
  readonly #maxOutputChars: number;
  readonly #parsed = new Map<string, Template[]>();

  constructor(limits: TemplateLimits = {}) {
    const { maxTemplateChars = 262_144, maxOutputChars = 4_194_304, maxRenderMs = 500 } = limits;
    this.#maxOutputChars = maxOutputChars;
    this.#engine = makeEngine({ parse: maxTemplateChars, memory: maxOutputChars, renderMs: maxRenderMs });
  }

  check(template: string): TemplateFault | undefined {
    const parsed = this.#parse(template);
    return parsed.ok ? undefined : parsed.fault;
  }

  render(template: string, variables: Readonly<Record<string, unknown>>): Rendering {
    const parsed = this.#parse(template);
    if (!parsed.ok) return parsed;
    try {
      const value: unknown = this.#engine.renderSync(parsed.value, variables);
      const text = typeof value === 'string' ? value : '';
      if (text.length > this.#maxOutputChars) return refuse('template-limit-exceeded', 'the result is too long');
      return { ok: true, value: text };
    } catch (error) {
      return { ok: false, fault: faultOf(error) };
    }
  }

  #parse(template: string): Parsed {
    const known = this.#parsed.get(template);
    if (known !== undefined) return { ok: true, value: known };
    try {
      const value = this.#engine.parse(template);
      if (this.#parsed.size >= CACHED_TEMPLATES) this.#parsed.delete(this.#parsed.keys().next().value ?? '');
      this.#parsed.set(template, value);
      return { ok: true, value };
    } catch (error) {
      return { ok: false, fault: faultOf(error) };
    }
  }
}

function makeEngine(limits: { readonly parse: number; readonly memory: number; readonly renderMs: number }): Liquid {
  const engine = new Liquid({
    strictVariables: true,
    strictFilters: true,
    ownPropertyOnly: true,
    lenientIf: true,
    parseLimit: limits.parse,
    memoryLimit: limits.memory,
    renderLimit: limits.renderMs,
    templates: {},
    // What a template renders must not depend on the machine it is rendered on.
    timezoneOffset: 0,
    locale: 'en-US',
  });
  for (const tag of FILE_TAGS) Reflect.deleteProperty(engine.tags, tag);
  engine.registerFilter('sh', quoteForShell);
  engine.registerFilter('yaml', quoteForYaml);
  engine.registerFilter('preseed', quoteForPreseed);
  engine.registerFilter('kickstart', quoteForKickstart);
  return engine;
}

function refuse(code: TemplateFault['code'], message: string): { readonly ok: false; readonly fault: TemplateFault } {
  return { ok: false, fault: { code, message } };
}

/** The first line of Liquid's messages names line and column; the lines after it quote the template. */
function faultOf(error: unknown): TemplateFault {
  const message = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error);
  return { code: codeOf(error), message };
}

function codeOf(error: unknown): TemplateFault['code'] {
  if (error instanceof RangeError) return 'template-limit-exceeded';
  if (!(error instanceof Error)) return 'template-invalid';
  const inner = 'originalError' in error ? error.originalError : undefined;
  if (inner instanceof RefusedValue) return 'template-value-refused';
  if (error.name === 'UndefinedVariableError') return 'template-variable-missing';
  if (/limit exceeded/.test(error.message)) return 'template-limit-exceeded';
  return inner === undefined || inner === error ? 'template-invalid' : codeOf(inner);
}
