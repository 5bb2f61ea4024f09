/** Relative imports name the built `.js`; run from source, that is the `.ts` beside. */
const resolveSources = `
import { registerHooks } from 'node:module';
registerHooks({
  resolve(specifier, context, next) {
    const isSource = /^\\.\\.?\\//.test(specifier) && context.parentURL?.endsWith('.ts');
    return next(isSource ? specifier.replace(/\\.js$/, '.ts') : specifier, context);
  },
});`;

/**
 * Arguments that make Node run a module text which imports this repository's TypeScript by file URL, without a build.
 * Node strips types and nothing else: what is imported must do without decorators.
 */
export function typescriptArguments(moduleText: string): readonly string[] {
  return [
    '--conditions=@rackwright/source',
    '--disable-warning=ExperimentalWarning',
    `--import=data:text/javascript,${encodeURIComponent(resolveSources)}`,
    '--input-type=module',
    '--eval',
    moduleText,
  ];
}
