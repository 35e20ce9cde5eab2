/** How components reach the market, the preferences and the person who is signed in. */

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Instrument } from "../api/types";
import type { Market } from "./market";
import type { Preferences } from "./preferences";
import type { Session } from "./session";

export interface Store {
  market: Market;
  preferences: Preferences;
  session: Session;
}

export const StoreContext = createContext<Store | undefined>(undefined);

export function useStore(): Store {
  const store = useContext(StoreContext);
  if (!store) throw new Error("a component stands outside of the store");
  return store;
}

/** The instruments that are known by now, none while they load. */
export function useInstruments(): readonly Instrument[] {
  const fetched = useStore().market.instruments.value;
  return fetched.status === "ready" ? fetched.value : [];
}
