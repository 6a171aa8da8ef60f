import type { ChangeChunk, ChangeEvent } from '@tsmolt/core';

/** A chunk up to where the stream is to end, and whether it is there. */
export interface CutChunk {
  readonly chunk: ChangeChunk;
  readonly reached: boolean;
}

/**
 * Leaves out what comes behind the first position at which the end is reached: who names one wants nothing beyond it.
 *
 * @param isEnd of positions in the order of the stream: once it holds, it holds for those that follow
 */
export function cutChunk(chunk: ChangeChunk, isEnd: (position: string) => boolean): CutChunk {
  const { events } = chunk;
  const isEndAt = (index: number): boolean => {
    const event = events[index];
    return event !== undefined && hasPosition(event) && isEnd(event.position);
  };
  // Nearly every chunk lies before the end as a whole: one position tells. To compare sets of GTIDs is slow.
  const last = events.findLastIndex(hasPosition);
  if (last < 0 || !isEndAt(last)) return { chunk, reached: false };
  const places = events.flatMap((event, index) => (hasPosition(event) ? [index] : []));
  let [low, high] = [0, places.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isEndAt(places[middle] ?? last)) high = middle;
    else low = middle + 1;
  }
  return { chunk: { ...chunk, events: events.slice(0, (places[high] ?? last) + 1) }, reached: true };
}

function hasPosition(event: ChangeEvent): event is Extract<ChangeEvent, { position: string }> {
  return event.kind === 'commit' || event.kind === 'heartbeat';
}
