export { MemoryKeyspace } from './memory-keyspace.js';
export { MemoryStore, type MemoryStoreOptions } from './memory-store.js';
