import * as api from 'replicator@v2';

const confidential = ['ssn', 'credit_card_number'];

api.configureTargetSchema('shop.public', {
  onRowUpsert(row, { table }) {
    if (table !== 'customers') return row;
    if (Number(row['is_deleted']) === 1) return null;
    const copy = { ...row };
    for (const name of confidential) delete copy[name];
    return copy;
  },
  onRowDelete: (row) => row,
});
