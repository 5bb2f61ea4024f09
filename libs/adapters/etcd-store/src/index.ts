export { EtcdStore } from './etcd-store.js';
export { type EtcdStoreOptions } from './etcd-store-options.js';
