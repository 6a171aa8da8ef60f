import * as api from 'replicator@v2';

api.configureTargetSchema('public', {
  onRowUpsert(row, { table }) {
    if (table !== 'orders' && table !== 'customers') return null;
    if (typeof row['status'] === 'string') row['status'] = row['status'].toUpperCase();
    return row;
  },
  onRowDelete: (row, { table }) => (table === 'orders' && Number(row['id']) < 100 ? null : row),
});
