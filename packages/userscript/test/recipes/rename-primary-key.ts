import * as api from 'replicator@v2';

api.configureTargetSchema('shop.public', {
  onRowUpsert(row, { table }) {
    if (table !== 'items') return row;
    const { pk1, pk2, ...others } = row;
    return { id1: pk1 ?? null, id2: pk2 ?? null, ...others };
  },
  onRowDelete(row, { table }) {
    if (table !== 'items') return row;
    // The key may come by the source's names or by the target's.
    if (row['pk1'] !== undefined) row['id1'] = row['pk1'];
    if (row['pk2'] !== undefined) row['id2'] = row['pk2'];
    return row;
  },
});
