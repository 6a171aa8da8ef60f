import * as api from 'replicator@v2';

const skipped = new Set(['audit_log', 'sessions']);

api.configureTargetSchema('shop.public', {
  onRowUpsert(row, { table }) {
    return skipped.has(table) ? null : row;
  },
  onRowDelete(row, { table }) {
    return skipped.has(table) ? null : row;
  },
});
