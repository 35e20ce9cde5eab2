/** Where the dashboard starts. */

import { render } from "preact";
import { App } from "./app";
import { StoreContext } from "./store/context";
import { followMailLinks } from "./store/mailtoken";
import { Market } from "./store/market";
import { keptPreferences } from "./store/preferences";
import { Session } from "./store/session";
import { browserParts } from "./store/tabs";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/frame.css";
import "./styles/markets.css";
import "./styles/instrument.css";

followMailLinks(window);
const market = new Market(document);
const preferences = keptPreferences(localStorage);
const session = new Session(browserParts());
market.start();
void session.start();

render(
  <StoreContext.Provider value={{ market, preferences, session }}>
    <App />
  </StoreContext.Provider>,
  document.getElementById("app") as HTMLElement,
);
