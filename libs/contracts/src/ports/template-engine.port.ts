/** Why a template did not render: the message names line and column. */
export interface TemplateFault {
  readonly code: 'template-invalid' | 'template-variable-missing' | 'template-limit-exceeded';
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
