export type ShopTable =
  | 'currencies'
  | 'categories'
  | 'products'
  | 'customers'
  | 'LoyaltyCards'
  | 'orders'
  | 'order_items'
  | 'payments'
  | 'page_views';

export type ShopSizes = Readonly<Record<ShopTable, number>>;

/** Rows of a shop of one million rows. Every order has items (two on average), not every customer has orders. */
const perMillion = {
  categories: 200,
  products: 20_000,
  customers: 100_000,
  LoyaltyCards: 30_000,
  payments: 120_000,
  orders: 200_000,
} as const;

/** Few whatever the size of the shop. */
export const currencyCount = 12;

/** @param scale 1 for one million rows in all; at least 0.001 */
export function shopSizes(scale: number): ShopSizes {
  const scaled = (rows: number): number => Math.max(1, Math.round(rows * scale));
  // Items come in groups of ten for five orders (see shop-rows.ts), so that each order has its items.
  const orders = Math.max(5, Math.round((perMillion.orders * scale) / 5) * 5);
  const sizes = {
    currencies: currencyCount,
    categories: scaled(perMillion.categories),
    products: scaled(perMillion.products),
    customers: scaled(perMillion.customers),
    LoyaltyCards: scaled(perMillion.LoyaltyCards),
    orders,
    order_items: orders * 2,
    payments: scaled(perMillion.payments),
  };
  const others = Object.values(sizes).reduce((sum, rows) => sum + rows, 0);
  return { ...sizes, page_views: Math.max(1, Math.round(1_000_000 * scale) - others) };
}
