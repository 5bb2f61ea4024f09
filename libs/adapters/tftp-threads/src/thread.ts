import { parentPort, workerData } from 'node:worker_threads';
import { linuxCalls } from './linux-calls.js';
import type { ThreadData } from './thread-messages.js';
import { TransferLoop } from './transfer-loop.js';

if (parentPort === null) throw new Error('this module runs in a thread of its own');
new TransferLoop(linuxCalls(), workerData as ThreadData, parentPort).run();
