import { fetchWhileOrdersComeIn } from './acts/fetch-while-orders-come-in.js';
import { fillSource } from './acts/fill-source.js';
import { replicateUntilTheCutover } from './acts/replicate-until-the-cutover.js';
import { listenForInterrupt } from './interrupt.js';
import type { Interrupt } from './interrupt.js';
import { heading, say, secondsSince } from './say.js';
import { openStage } from './stage.js';

/** The play. An act may take for granted what the acts before it did. */
const acts = [fillSource, fetchWhileOrdersComeIn, replicateUntilTheCutover];

process.exitCode = await play(listenForInterrupt());

async function play(interrupt: Interrupt): Promise<number> {
  const started = performance.now();
  try {
    await playActs(interrupt.signal);
    say(`\nThe demo took ${secondsSince(started)}. Both servers are stopped and their data are removed.`);
    return 0;
  } catch (thrown) {
    if (interrupt.signal.aborted) {
      say('\nStopped. Both servers are gone, and their data with them.');
      return interrupt.exitCode();
    }
    process.stderr.write(`\nThe demo failed: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
    return 1;
  }
}

async function playActs(signal: AbortSignal): Promise<void> {
  say('tsmolt moves a live database. Two PostgreSQL servers are being started for you to watch it.');
  const stage = await openStage();
  try {
    say(`  old server: ${stage.source.url} (PostgreSQL ${stage.source.version})`);
    say(`  new server: ${stage.target.url} (PostgreSQL ${stage.target.version})`);
    for (const act of acts) {
      signal.throwIfAborted();
      await act(stage, signal);
    }
    closingWords();
  } finally {
    await stage.close();
  }
}

function closingWords(): void {
  heading('What you have seen');
  say(
    '  One consistent snapshot of a database in use, copied from server to server by several sessions at once.',
  );
  say('  Every row counted by both servers ("rows sent" = "rows taken"), and hashed by both: equal.');
  say('  A replication slot that begins where the snapshot ends: no order was lost, and none came twice.');
  say('  Changes carried over while customers went on ordering, and a cutover of one command.');
  say('  Both databases compared row by row, by hashes that the servers computed.');
  say('Read next: README.md, docs/1-fetch.md, docs/6-replicate.md, npx tsmolt --help');
}
