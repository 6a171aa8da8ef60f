import { displayFile, TsmoltError } from '@tsmolt/core';
import type {
  ContinuationToken,
  ExportedFile,
  FetchStatus,
  FileKey,
  FileRecord,
  NewRun,
  PlannedRange,
  RangeKey,
  RangeRecord,
  RunRecord,
  TableRecord,
} from '@tsmolt/core';

interface TableMemory {
  record: TableRecord;
  readonly ranges: RangeRecord[];
  readonly files: FileRecord[];
}

/** The status of a fetch that has no target to keep it on: an export that starts again when it is interrupted. */
export class MemoryFetchStatus implements FetchStatus {
  readonly durable = false;
  #run: RunRecord | undefined;
  #tables = new Map<number, TableMemory>();

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  createRun(run: NewRun): Promise<void> {
    this.#run = { ...run, state: 'preparing', snapshot: '', cursor: '', startedAt: new Date() };
    return Promise.resolve();
  }

  findRun(fetchId: string): Promise<RunRecord | undefined> {
    return Promise.resolve(this.#run?.fetchId === fetchId ? this.#run : undefined);
  }

  updateRun(_fetchId: string, change: Parameters<FetchStatus['updateRun']>[1]): Promise<void> {
    if (this.#run !== undefined) this.#run = { ...this.#run, ...change };
    return Promise.resolve();
  }

  clearRun(): Promise<void> {
    this.#tables.clear();
    return Promise.resolve();
  }

  addTables(_fetchId: string, tables: readonly TableRecord[]): Promise<void> {
    for (const record of tables) this.#tables.set(record.number, { record, ranges: [], files: [] });
    return Promise.resolve();
  }

  tables(): Promise<TableRecord[]> {
    return Promise.resolve([...this.#tables.values()].map(({ record }) => record));
  }

  updateTable(_fetchId: string, table: number, change: Partial<Pick<TableRecord, 'state'>>): Promise<void> {
    const memory = this.#table(table);
    memory.record = { ...memory.record, ...change };
    return Promise.resolve();
  }

  addRanges(_fetchId: string, table: number, ranges: readonly PlannedRange[]): Promise<void> {
    this.#table(table).ranges.push(...ranges.map((range) => ({ ...range, state: 'planned' as const })));
    return Promise.resolve();
  }

  ranges(_fetchId: string, table: number): Promise<RangeRecord[]> {
    return Promise.resolve([...this.#table(table).ranges]);
  }

  claimRange(range: RangeKey): Promise<boolean> {
    return Promise.resolve(this.#range(range)?.state === 'planned');
  }

  finishRange(range: RangeKey, _worker: string, files: readonly ExportedFile[]): Promise<void> {
    const { ranges } = this.#table(range.table);
    const index = ranges.findIndex(({ shard, number }) => shard === range.shard && number === range.number);
    const found = ranges[index];
    if (found !== undefined) ranges[index] = { ...found, state: 'exported' };
    return this.addFiles(range.fetchId, range.table, files);
  }

  addFiles(_fetchId: string, table: number, files: readonly ExportedFile[]): Promise<void> {
    this.#table(table).files.push(...files.map((file) => ({ ...file, state: 'exported' as const })));
    return Promise.resolve();
  }

  files(_fetchId: string, table: number): Promise<FileRecord[]> {
    return Promise.resolve(
      this.#table(table).files.toSorted((left, right) => left.shard - right.shard || left.part - right.part),
    );
  }

  claimFiles(files: readonly FileKey[]): Promise<FileKey[]> {
    return Promise.reject(nothingToLoad(files));
  }

  noteJob(files: readonly FileKey[]): Promise<void> {
    return Promise.reject(nothingToLoad(files));
  }

  markLoaded(files: readonly FileKey[]): Promise<void> {
    return Promise.reject(nothingToLoad(files));
  }

  releaseFiles(files: readonly FileKey[]): Promise<void> {
    return Promise.reject(nothingToLoad(files));
  }

  renewWorker(): Promise<void> {
    return Promise.resolve();
  }

  endWorker(): Promise<void> {
    return Promise.resolve();
  }

  othersAlive(): Promise<boolean> {
    return Promise.resolve(false);
  }

  tokens(): Promise<ContinuationToken[]> {
    return Promise.resolve([]);
  }

  #table(number: number): TableMemory {
    const found = this.#tables.get(number);
    if (found === undefined) throw new Error(`no table ${number} in this fetch`);
    return found;
  }

  #range(key: RangeKey): RangeRecord | undefined {
    return this.#table(key.table).ranges.find(
      ({ shard, number }) => shard === key.shard && number === key.number,
    );
  }
}

/** Without a target there is nothing to load into, and so nobody to ask. */
function nothingToLoad(files: readonly FileKey[]): TsmoltError {
  return new TsmoltError('TSM9001', {
    message: `${files[0] === undefined ? 'a file' : displayFile(files[0])} was to be loaded, and there is no target`,
    advice: 'This should not happen: please report it with the log at --logging debug.',
  });
}
