export { LocalDirectory } from './local-directory.js';
