export function currentThread(): number;
export function threadClock(thread: number): () => number;
