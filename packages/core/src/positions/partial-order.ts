/** How two positions of different histories may lie: -1 before, 1 after, 0 equal, undefined where neither holds the other. */
export type PartialOrder = -1 | 0 | 1 | undefined;

/** The order that containment gives. */
export function orderByContainment(containsOther: boolean, isContained: boolean): PartialOrder {
  if (containsOther && isContained) return 0;
  if (containsOther) return 1;
  return isContained ? -1 : undefined;
}
