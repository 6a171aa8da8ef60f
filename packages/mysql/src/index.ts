export { openMysql } from './connect/open-mysql.js';
