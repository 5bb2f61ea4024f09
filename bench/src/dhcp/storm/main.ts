import { writeFile } from 'node:fs/promises';
import { runStorm, type StormPlan } from './run-storm.js';

// In a process of its own because a process is in one network namespace.
const [plan, reportPath] = process.argv.slice(2);
if (plan === undefined || reportPath === undefined) throw new Error('usage: main.js PLAN REPORT');
await writeFile(reportPath, JSON.stringify(await runStorm(JSON.parse(plan) as StormPlan)));
