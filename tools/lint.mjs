/**
 * Runs ESLint on the whole workspace or on the given paths. The module boundary rule needs a cached project graph and
 * skips itself without one, so the graph is made first and a skipped rule is a failure.
 */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const offline = { NX_DAEMON: 'false', NX_NO_CLOUD: 'true', NX_ISOLATE_PLUGINS: 'false' };
const skipped = 'will be skipped';

/** Runs a tool of the workspace, echoing and returning what it prints. */
function run(tool, args, { isQuiet = false } = {}) {
  return new Promise((resolve, reject) => {
    const script = join(root, 'node_modules', ...tool);
    const child = spawn(process.execPath, [script, ...args], {
      cwd: root,
      env: { ...process.env, ...offline },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const parts = [];
    for (const [from, to] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ]) {
      from.on('data', (bytes) => {
        parts.push(bytes);
        if (!isQuiet) to.write(bytes);
      });
    }
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, output: Buffer.concat(parts).toString('utf8') }));
  });
}

async function lint(args) {
  if (process.env.RW_LINT_GRAPH !== 'as-is') {
    const graph = await run(['nx', 'dist', 'bin', 'nx.js'], ['show', 'projects'], { isQuiet: true });
    if (graph.code !== 0) {
      console.error(`lint: the project graph cannot be made:\n${graph.output}`);
      return 1;
    }
  }
  const targets = args.length > 0 ? args : ['--cache', '--cache-location', 'node_modules/.cache/eslint/', '.'];
  const { code, output } = await run(['eslint', 'bin', 'eslint.js'], ['--max-warnings', '0', ...targets]);
  if (output.includes(skipped)) {
    console.error('lint: a rule was skipped because the project graph is missing; the boundaries were not checked');
    return 1;
  }
  return code;
}

process.exitCode = await lint(process.argv.slice(2));
