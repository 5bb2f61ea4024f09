import type { Load } from './load.js';
import { LoadClient } from './load-client.js';

/** Reads one load as JSON from its argument, and prints what came of it. */
const load = JSON.parse(process.argv[2] ?? '') as Load;
process.stdout.write(JSON.stringify(new LoadClient(load).run()));
