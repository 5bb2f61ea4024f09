export { NodeStreamListeners } from './node-stream-listeners.js';
