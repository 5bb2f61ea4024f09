import eslint from '@eslint/js';
import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { sourceConstraints, technologyOwners, testConstraints } from './tools/lint/import-table.mjs';
import { restrictedImports, restrictedSyntax } from './tools/lint/restrictions.mjs';

const tests = ['**/*.spec.ts'];
const kernel = 'libs/kernel/**/*.ts';
const core = [kernel, 'libs/domain/**/*.ts', 'libs/protocol/**/*.ts'];
const services = 'libs/services/**/*.ts';
/** Programs that start other programs and must hand their environment on. */
const launchers = ['libs/testing/**/*.ts', 'e2e/**/*.ts', 'bench/**/*.ts', 'tools/**/*.ts'];
const configLoader = 'libs/platform/src/config/**/*.ts';

const etcd = ['etcd3', 'libs/adapters/etcd-store'];
const nats = ['@nats-io', 'libs/adapters/nats-bus'];
const closed = [etcd, nats];

/** Later entries replace the whole rule for their files, so each kind of file states all that holds for it. */
function restrict(files, { ignores = [], ...kind }) {
  return {
    files,
    ignores,
    rules: {
      'no-restricted-syntax': ['error', ...restrictedSyntax(kind)],
      'no-restricted-imports': ['error', restrictedImports({ closed, ...kind })],
    },
  };
}

function boundaries(files, depConstraints) {
  return {
    files,
    rules: {
      '@nx/enforce-module-boundaries': ['error', { allow: [], banTransitiveDependencies: true, depConstraints }],
    },
  };
}

const sizes = {
  'max-lines': ['error', { max: 400 }],
  'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
  '@typescript-eslint/max-params': ['error', { max: 3 }],
  complexity: ['error', 10],
  'max-depth': ['error', 3],
};

const naming = [
  'error',
  {
    selector: 'typeLike',
    format: ['PascalCase'],
    custom: { regex: '^I[A-Z]|Impl$', match: false },
  },
  { selector: 'function', format: ['camelCase', 'PascalCase'] },
];

export default defineConfig(
  globalIgnores(['**/dist/**', '**/node_modules/**', '.nx/**', '.rackwright/**', 'coverage/**']),
  {
    linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' },
    plugins: { '@nx': nx },
  },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: ['./tsconfig.check.json'], tsconfigRootDir: import.meta.dirname } },
    rules: {
      ...sizes,
      '@typescript-eslint/naming-convention': naming,
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      '@typescript-eslint/require-await': 'off',
      // DTO classes describe plain data; the values are object literals and are copied by spreading.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-misused-spread': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/ban-ts-comment': ['error', { 'ts-expect-error': 'allow-with-description' }],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  restrict(['**/*.ts'], {}),
  restrict([configLoader], { mayReadEnvironment: true }),
  // It starts in the blink of an eye because it loads nothing of the services; it has no settings but RW_SERVER.
  restrict(['apps/cli/src/main.ts'], { mayReadEnvironment: true }),
  restrict(core, { isTimed: false, isWorldly: false }),
  restrict([kernel], { isTimed: false, isWorldly: false, isPlain: true }),
  restrict([services], { isTimed: false }),
  restrict(technologyOwners.etcd3, { closed: [nats] }),
  restrict(technologyOwners['@nats-io'], { closed: [etcd] }),
  restrict(launchers, { mayReadEnvironment: true, mayExit: true, ignores: ['bench/**/*.ts'] }),
  restrict(['bench/**/*.ts'], { mayReadEnvironment: true, mayExit: true, closed: [] }),
  restrict(tests, { isTest: true, mayReadEnvironment: true, closed: [] }),
  boundaries(['**/*.ts'], sourceConstraints()),
  boundaries(tests, testConstraints()),
  {
    files: tests,
    rules: {
      'max-lines-per-function': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  { files: ['tools/demo/**/*.ts', 'bench/**/*.ts', 'e2e/**/*.ts'], rules: { 'no-console': 'off' } },
  { files: ['**/*-{codes,vectors}.ts'], rules: { 'max-lines': 'off' } },
  {
    files: ['*.config.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: ['**/*.mjs', '**/*.cjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        Buffer: 'readonly',
        performance: 'readonly',
        AbortController: 'readonly',
      },
    },
    rules: {
      'max-lines': sizes['max-lines'],
      'max-lines-per-function': sizes['max-lines-per-function'],
      'max-params': ['error', 3],
      complexity: sizes.complexity,
      'max-depth': sizes['max-depth'],
    },
  },
  prettier,
);
