/** Which rows of a long list are in sight: only those are drawn. */

/** How far rows are drawn beyond each edge, so that a quick scroll shows no hole. */
const MARGIN_PX = 320;

export interface Window {
  first: number;
  /** Exclusive. */
  end: number;
  paddingTopPx: number;
  paddingBottomPx: number;
}

/** Where each row begins, and last where the list ends. */
export function topsOf(heightsPx: readonly number[]): number[] {
  const tops = [0];
  for (const height of heightsPx) tops.push((tops.at(-1) ?? 0) + height);
  return tops;
}

/** The rows of `tops` (as `topsOf` gives them) between the edges of what is in sight. */
export function windowOf(tops: readonly number[], scrollTopPx: number, heightPx: number): Window {
  const count = tops.length - 1;
  const total = tops[count] ?? 0;
  const from = scrollTopPx - MARGIN_PX;
  const to = scrollTopPx + heightPx + MARGIN_PX;
  let first = 0;
  while (first < count && (tops[first + 1] ?? 0) <= from) first += 1;
  let end = first;
  while (end < count && (tops[end] ?? 0) < to) end += 1;
  return {
    first,
    end,
    paddingTopPx: tops[first] ?? 0,
    paddingBottomPx: total - (tops[end] ?? 0),
  };
}

/** Where to scroll so that a row is in sight below a head of `headPx`; null when it is already. */
export function scrollToShow(
  tops: readonly number[],
  index: number,
  scrollTopPx: number,
  heightPx: number,
  headPx: number,
): number | null {
  const top = tops[index] ?? 0;
  if (top < scrollTopPx) return top;
  const bottom = (tops[index + 1] ?? top) - (heightPx - headPx);
  return bottom > scrollTopPx ? bottom : null;
}
