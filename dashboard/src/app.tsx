/** The app: the frame around the page that the address names. */

import { useEffect, useRef } from "preact/hooks";
import { Rail } from "./frame/rail";
import { TopBar } from "./frame/topbar";
import { routeOf } from "./lib/routes";
import { InstrumentPage } from "./pages/instrument/page";
import { MarketsPage } from "./pages/markets/page";
import { Notice } from "./parts/states";
import { navigate, path } from "./router";
import { useStore } from "./store/context";

export function App() {
  return (
    <div class="frame">
      <a class="skip" href="#main">
        To the content
      </a>
      <Rail />
      <TopBar />
      <Main />
    </div>
  );
}

function Main() {
  const main = useRef<HTMLElement>(null);
  const phase = useStore().market.connection.value.phase;
  const isFirst = useRef(true);
  useEffect(() => {
    if (!isFirst.current) main.current?.focus();
    isFirst.current = false;
  }, [path.value]);
  return (
    <main id="main" class="main" ref={main} tabIndex={-1} data-connection={phase}>
      <Page />
    </main>
  );
}

function Page() {
  const route = routeOf(path.value);
  switch (route.page) {
    case "markets":
      return <MarketsPage />;
    case "instrument":
      return <InstrumentPage symbol={route.symbol} />;
    case "unknown":
      return (
        <Notice
          isPage
          title="There is no such page."
          action={{ label: "To the markets", run: () => navigate("/") }}
        />
      );
  }
}
