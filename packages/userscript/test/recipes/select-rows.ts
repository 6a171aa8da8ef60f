import * as api from 'replicator@v2';

/** Rows that the application only marks as deleted stay behind; real deletes go on. */
api.configureTargetSchema('shop.public', {
  onRowUpsert: (row) => (row['is_deleted'] !== undefined && Number(row['is_deleted']) === 1 ? null : row),
  onRowDelete: (row) => row,
});
