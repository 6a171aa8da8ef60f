import * as api from 'replicator@v2';

const words: Readonly<Record<string, string>> = { '1': 'pending', '2': 'shipped' };

api.configureTargetTables(['orders'], {
  onRowUpsert(row) {
    row['replicated_at'] = new Date(0).toISOString();
    row['status'] = words[row['status_code'] as string] ?? 'unknown';
    return row;
  },
  onRowDelete(keys) {
    const [id, region] = keys;
    return region === 'EU' || Number(id) >= 1000 ? null : keys;
  },
});
