/** Where the dashboard starts. */

import { render } from "preact";
import { App } from "./app";
import { Market } from "./store/market";
import { StoreContext } from "./store/context";
import { keptPreferences } from "./store/preferences";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/frame.css";
import "./styles/markets.css";
import "./styles/instrument.css";

const market = new Market(document);
const preferences = keptPreferences(localStorage);
market.start();

render(
  <StoreContext.Provider value={{ market, preferences }}>
    <App />
  </StoreContext.Provider>,
  document.getElementById("app") as HTMLElement,
);
