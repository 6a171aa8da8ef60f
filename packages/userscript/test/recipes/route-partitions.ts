import * as api from 'replicator@v2';

const partition: api.RowHandlerFn = (row, { table }) => {
  if (table !== 'items') return row;
  const id = Number(row['id']);
  if (id <= 10_000) return { items_small: [row] };
  return id <= 20_000 ? { items_middle: [row] } : { items_large: [row] };
};

api.configureTargetSchema('shop.public', { onRowUpsert: partition, onRowDelete: partition });
