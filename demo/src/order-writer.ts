import { setTimeout as delay } from 'node:timers/promises';
import { connectSql, seededRandom } from '@tsmolt/testkit';

/** A customer rush: orders that keep coming in while the data move. */
export interface OrderWriter {
  /** Lets the last order finish. @returns how many were placed */
  stop(): Promise<number>;
}

const pauseMs = 5;

/** One order with its two lines in one transaction, as a shop would place it. */
const placeOrder = `
  WITH placed AS (
    INSERT INTO orders (customer_id, status, currency, total, placed_at, gift_message)
    VALUES ($1, 'new', 'EUR', 30, now(), 'placed while tsmolt was running') RETURNING id)
  INSERT INTO order_items (order_id, line_no, product_id, quantity, unit_price)
  SELECT placed.id, line, $2, line, 10 FROM placed, generate_series(1, 2) AS line`;

/** Starts placing orders, each in a transaction of its own. */
export async function startOrderWriter(url: string): Promise<OrderWriter> {
  const client = await connectSql(url);
  const random = seededRandom(1);
  const stopping = new AbortController();
  let placed = 0;
  const work = (async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await client.query(placeOrder, [1 + random.below(100_000), 1 + random.below(20_000)]);
      placed++;
      await delay(pauseMs);
    }
  })();
  // Its failure is told by stop(); until then it must not end the demo.
  work.catch(() => undefined);
  return {
    stop: async () => {
      stopping.abort();
      try {
        await work;
      } finally {
        await client.end();
      }
      return placed;
    },
  };
}
