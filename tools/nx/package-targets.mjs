/**
 * Gives every workspace package the same Nx targets, so that `nx run-many -t test` and `nx affected -t lint` work without
 * a copy of them in each package.json.
 */
import { dirname } from 'node:path';

const command = (line, inputs) => ({ command: line, options: { cwd: '.' }, cache: true, inputs });

function targetsOf(root) {
  return {
    build: {
      ...command(`tsc -b ${root}`, ['default', '^default']),
      dependsOn: ['^build'],
      outputs: ['{projectRoot}/dist'],
    },
    lint: command(`node tools/lint.mjs ${root}`, ['default', '^default', 'rules']),
    test: command(`vitest run --project unit --passWithNoTests ${root}/`, ['default', '^default']),
  };
}

export const createNodesV2 = [
  '{libs,apps,tools,e2e,bench}/**/tsconfig.json',
  (files) =>
    files.map((file) => [
      file,
      { projects: { [dirname(file)]: { root: dirname(file), targets: targetsOf(dirname(file)) } } },
    ]),
];
