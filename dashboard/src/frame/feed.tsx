/** The badge that says plainly when prices are not of the live market. */

import { useStore } from "../store/context";

const BADGES = {
  simulated: { label: "SIMULATED", title: "These prices come from a market simulator" },
  recorded: { label: "RECORDED", title: "These prices are replayed from a recording" },
} as const;

export function FeedBadge() {
  const feed = useStore().market.feed.value;
  if (feed === null || feed === "live") return null;
  const { label, title } = BADGES[feed];
  return (
    <span class={`badge badge--${feed}`} title={title}>
      {label}
    </span>
  );
}
