import * as api from 'replicator@v2';

const targets = new Map([
  ['customer', 'CUSTOMERS'],
  ['order', 'ORDERS'],
]);

const route: api.RowHandlerFn = (row, { table }) => {
  const target = targets.get(table);
  return target === undefined ? row : { [target]: [row] };
};

api.configureTargetSchema('shop.public', { onRowUpsert: route, onRowDelete: route });
