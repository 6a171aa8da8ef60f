export { LocalDirectory } from './local-directory.js';
export { LocalFileServer } from './local-file-server.js';
export type { LocalFileServerOptions } from './local-file-server.js';
export { openStore } from './open-store.js';
export type { StoreOptions } from './open-store.js';
