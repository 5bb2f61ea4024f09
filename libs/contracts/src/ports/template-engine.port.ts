/** Why a template did not render: the message names line and column. */
export interface TemplateFault {
  readonly code:
    | 'template-invalid'
    | 'template-variable-missing'
    | 'template-limit-exceeded'
    /** A value cannot be written safely where the template puts it, e.g. a line break in a preseed answer. */
    | 'template-value-refused';
  readonly message: string;
}

/** Renders Liquid templates: no code, no file access, unknown variables are errors, bounded time and output. */
export interface TemplateEngine {
  /** Checks the syntax. */
  check(template: string): TemplateFault | undefined;
  render(
    template: string,
    variables: Readonly<Record<string, unknown>>,
  ): { readonly ok: true; readonly value: string } | { readonly ok: false; readonly fault: TemplateFault };
}
