/** The star that pins an instrument to the top of the list. */

import { toggled } from "../store/preferences";
import { useStore } from "../store/context";
import { StarIcon } from "./icons";

export function Pin({ symbol, focusable }: { symbol: string; focusable: boolean }) {
  const { favourites } = useStore().preferences;
  const pinned = favourites.value.includes(symbol);
  const toggle = (event: Event): void => {
    event.stopPropagation();
    favourites.value = toggled(favourites.value, symbol);
  };
  return (
    <button
      type="button"
      class="pin"
      aria-pressed={pinned}
      aria-label={pinned ? `Unpin ${symbol}` : `Pin ${symbol}`}
      title={pinned ? "Unpin (F)" : "Pin to the top (F)"}
      tabIndex={focusable ? 0 : -1}
      onClick={toggle}
    >
      <StarIcon filled={pinned} />
    </button>
  );
}
