/**
 * Where a change source puts what it has read of transactions that have not ended, so that its memory stays bounded.
 *
 * It survives no crash, and has not to: whoever opens the stream again clears it, and the source sends everything again.
 * What was appended is read back whole, or not at all.
 */
export interface TransactionSpill {
  /**
   * Adds the next bytes of a transaction. The promise is the back-pressure: wait for it before the next call.
   *
   * @param transaction the source's name for it
   * @param piece so small that a value of the database may hold it; it must not be changed any more
   */
  append(transaction: string, piece: Uint8Array): Promise<void>;
  /**
   * The pieces, in the order in which they were appended.
   *
   * @throws TsmoltError of kind `retry` when not all of them are there any more: the stream has to be opened again
   */
  read(transaction: string): AsyncIterable<Buffer>;
  /**
   * Notes parts of a transaction that were rolled back, for whoever reads it: a transaction may have more of them than fit
   * into memory.
   *
   * @param parts the source's numbers for them, not negative; so few that one statement holds them
   */
  rollBack(transaction: string, parts: readonly number[]): Promise<void>;
  /**
   * Which of these parts were noted as rolled back.
   *
   * @throws TsmoltError of kind `retry` when what was noted is not there any more: the stream has to be opened again
   */
  rolledBack(transaction: string, among: readonly number[]): Promise<ReadonlySet<number>>;
  /** Forgets a transaction. */
  drop(transaction: string): Promise<void>;
  /** Forgets everything, also what an earlier process has left: a stream begins. */
  clear(): Promise<void>;
}
