import * as api from 'replicator@v2';

/** NOT NULL and CHECK violations are a row's own fault: it is set aside. Anything else stops the replication. */
const rowsFault = /SQLSTATE (23502|23514)/;

async function writeOrSetAside(row: api.RowOp): Promise<void> {
  const tx = api.getTX();
  await tx.exec('SAVEPOINT one_row');
  try {
    await api.write([row]);
  } catch (error) {
    if (!rowsFault.test(String(error))) throw error;
    await tx.exec('ROLLBACK TO SAVEPOINT one_row');
    await tx.exec(
      `INSERT INTO ${tx.schema()}."dead_letters" (stmt, err) VALUES ($1, $2)`,
      JSON.stringify(row),
      String(error),
    );
  }
}

api.configureTargetTables(['orders'], {
  async onWrite(rows) {
    const tx = api.getTX();
    await tx.exec('SAVEPOINT all_rows');
    try {
      await api.write(rows);
    } catch (error) {
      if (!rowsFault.test(String(error))) throw error;
      await tx.exec('ROLLBACK TO SAVEPOINT all_rows');
      for (const row of rows) await writeOrSetAside(row);
    }
  },
});
