export { ThreadedTransfers, type ThreadedTransfersOptions } from './threaded-transfers.js';
