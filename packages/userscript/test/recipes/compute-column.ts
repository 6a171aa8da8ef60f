import * as api from 'replicator@v2';

api.configureTargetSchema('shop.public', {
  onRowUpsert(row, { table }) {
    if (table === 'items') row['total'] = (Number(row['price']) * Number(row['qty'])).toFixed(2);
    return row;
  },
  onRowDelete: (row) => row,
});
