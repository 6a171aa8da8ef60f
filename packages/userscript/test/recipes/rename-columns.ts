import * as api from 'replicator@v2';
import { columnNames } from './names.js';

function renamed(row: api.Row): api.Row {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [columnNames[name] ?? name, value]));
}

api.configureTargetSchema('shop.public', {
  onRowUpsert: (row, { table }) => (table === 'staff' ? renamed(row) : row),
  onRowDelete: (row, { table }) => (table === 'staff' ? renamed(row) : row),
});
