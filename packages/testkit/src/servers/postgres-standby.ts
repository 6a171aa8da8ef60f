import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { connectSql } from '../sql-client.js';
import { embeddedPostgres, embeddedVersions } from './postgres-programs.js';
import { startLocal } from './postgres.js';
import type { PostgresOptions } from './postgres.js';
import type { RunningServer } from './running-server.js';
import type { ServerFolder } from './server-folder.js';
import { runToEnd } from './server-process.js';

/** The primary's slot that keeps the log for its standby. */
const slot = 'standby';

/** What a standby makes for itself: its own log, its own slots, its own process. */
const notCopied = new Set(['pg_wal', 'pg_replslot', 'postmaster.opts', 'postmaster.pid']);

/**
 * Starts a hot standby of a server that this process started, version 15 or later. It streams from the primary, and
 * keeps the primary from removing what its readers still need. `SELECT pg_promote()` makes it a primary. Stop it
 * before its primary.
 *
 * The programs that come as npm packages have no `pg_basebackup`; this does what it does, by the functions for it.
 * Source: PostgreSQL manual, "Making a Base Backup Using the Low Level API".
 * @throws if it does not come up
 */
export async function startStandby(
  primary: RunningServer,
  options: PostgresOptions = {},
): Promise<RunningServer> {
  const version = embeddedVersions.find((known) => primary.version.startsWith(`${known}.`));
  const { dataDirectory } = primary;
  if (version === undefined || dataDirectory === undefined)
    throw new Error(`no standby of PostgreSQL ${primary.version} can be made from here`);
  const { username, password, hostname, port } = new URL(primary.url);
  const settings = {
    primary_conninfo: `host=${hostname} port=${port} user=${username} password=${password}`,
    primary_slot_name: slot,
    hot_standby_feedback: 'on',
    wal_receiver_status_interval: '1s',
    ...options.settings,
  };
  return startLocal(await embeddedPostgres(version), { ...options, settings }, (_, folder) =>
    copyOf(primary.url, dataDirectory, folder),
  );
}

async function copyOf(url: string, from: string, folder: ServerFolder): Promise<void> {
  const client = await connectSql(url);
  try {
    await client.query('SELECT pg_create_physical_replication_slot($1, true)', [slot]);
    // The session has to live until the end of the copy.
    await client.query(`SELECT pg_backup_start('standby', true)`);
    await copyFiles(from, folder);
    const { rows } = await client.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop(false)');
    await folder.writeFile(join('data', 'backup_label'), rows[0]?.labelfile ?? '');
    await folder.writeFile(join('data', 'standby.signal'), '');
  } finally {
    await client.end();
  }
}

async function copyFiles(from: string, folder: ServerFolder): Promise<void> {
  const to = await folder.makeFolder('data');
  const names = (await readdir(from)).filter((name) => !notCopied.has(name));
  await runToEnd({
    executable: 'cp',
    arguments: ['-R', '-p', ...names.map((name) => join(from, name)), to],
    account: folder.account,
  });
  for (const name of ['pg_wal', 'pg_replslot']) {
    await mkdir(join(to, name), { mode: 0o700 });
    await folder.own(join(to, name));
  }
}
