import * as api from 'replicator@v2';

api.configureTargetSchema('shop.public', {
  onRowUpsert(row, { table }) {
    if (table === 'items') delete row['qty'];
    return row;
  },
  onRowDelete: (row) => row,
});
