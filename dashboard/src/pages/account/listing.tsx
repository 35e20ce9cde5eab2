/** A list of the account's that is fetched: loading, failed, empty, or there. */

import type { ComponentChildren } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { Bone, Notice } from "../../parts/states";
import { useStore } from "../../store/context";
import { Resource } from "../../store/resource";

/** The list at `path`, fetched when it is first shown. */
export function useListing<T>(path: string): Resource<T[]> {
  const { session } = useStore();
  const listing = useMemo(() => new Resource(() => session.ask<T[]>("GET", path)), [session, path]);
  useEffect(() => {
    void listing.load();
    return () => listing.stop();
  }, [listing]);
  return listing;
}

interface ListingProps<T> {
  listing: Resource<T[]>;
  label: string;
  empty: string;
  row: (item: T) => ComponentChildren;
}

export function Listing<T extends { id: string }>({ listing, label, empty, row }: ListingProps<T>) {
  const fetched = listing.fetched.value;
  if (fetched.status === "loading") {
    return (
      <div class="list__row" aria-busy="true">
        <Bone widthPx={220} />
      </div>
    );
  }
  if (fetched.status === "failed") {
    return (
      <Notice title="This list did not load." action={{ label: "Try again", run: () => void listing.load() }}>
        {fetched.message}
      </Notice>
    );
  }
  if (fetched.value.length === 0) return <p class="section__empty">{empty}</p>;
  return (
    <ul class="list" aria-label={label}>
      {fetched.value.map((item) => (
        <li key={item.id} class="list__row">
          {row(item)}
        </li>
      ))}
    </ul>
  );
}
