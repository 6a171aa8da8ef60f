export { openCockroach } from './connect.js';
