import type { KnipConfig } from 'knip';

const tests = 'src/**/*.spec.ts';
const library = { entry: ['src/index.ts', tests], project: 'src/**/*.ts' };
const program = { entry: ['src/main.ts', tests], project: 'src/**/*.ts' };

const config: KnipConfig = {
  // Started by path, or a peer that the lint plugin loads.
  ignoreDependencies: ['@nx/js'],
  // From Debian packages; `tools/deps.sh` installs what a system may lack.
  ignoreBinaries: ['mount', 'umount', 'ip', 'debconf-set-selections', 'dpkg-query'],
  workspaces: {
    '.': {
      entry: ['tools/*.mjs', 'tools/*.spec.ts'],
      project: ['tools/*.{mjs,ts}', 'tools/lint/*.mjs', '*.{mjs,ts}'],
    },
    'libs/*': library,
    // Its thread is started from the build.
    'libs/adapters/tftp-threads': { ...library, entry: [...library.entry, 'src/thread.ts'] },
    'libs/{domain,protocol,adapters,services}/*': library,
    'apps/*': program,
    'tools/demo': { ...program, entry: [...program.entry, 'src/run-agent.ts', 'src/prepare-assets.ts'] },
    'tools/fuzz': { ...program, entry: [...program.entry, 'src/fuzz-thread.ts'] },
    'tools/conformance': { ...program, entry: [...program.entry, 'src/compare.ts'] },
    e2e: { entry: ['src/**/*.e2e.spec.ts'], project: 'src/**/*.ts' },
    bench: program,
  },
};

export default config;
