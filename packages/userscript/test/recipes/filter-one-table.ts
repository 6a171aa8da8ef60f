import * as api from 'replicator@v2';

const skipped = 'audit_log';

const unlessSkipped: api.RowHandlerFn = (row, { table }) => (table === skipped ? null : row);

api.configureTargetSchema('shop.public', { onRowUpsert: unlessSkipped, onRowDelete: unlessSkipped });
