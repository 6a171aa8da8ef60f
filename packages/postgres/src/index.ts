export { openPostgres } from './connect.js';
