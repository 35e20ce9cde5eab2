/** The app: the frame around the page that the address names. */

import { useEffect, useRef } from "preact/hooks";
import { Rail } from "./frame/rail";
import { TopBar } from "./frame/topbar";
import { routeOf } from "./lib/routes";
import { InstrumentPage } from "./pages/instrument/page";
import { MarketsPage } from "./pages/markets/page";
import { lazy } from "./parts/lazy";
import { Notice } from "./parts/states";
import { navigate, path } from "./router";
import { useStore } from "./store/context";

const AccountPage = lazy(async () => (await import("./pages/account/page")).AccountPage);
const Doors = lazy(async () => (await import("./pages/doors/page")).Doors);
const ProofDialog = lazy(async () => (await import("./pages/account/proof")).ProofDialog);

export function App() {
  const proof = useStore().session.proof.value;
  return (
    <div class="frame">
      <a class="skip" href="#main">
        To the content
      </a>
      <Rail />
      <TopBar />
      <Main />
      {proof && <ProofDialog proof={proof} />}
    </div>
  );
}

function Main() {
  const main = useRef<HTMLElement>(null);
  const phase = useStore().market.connection.value.phase;
  const isFirst = useRef(true);
  useEffect(() => {
    const holdsFocus = main.current?.contains(document.activeElement);
    if (!isFirst.current && !holdsFocus) main.current?.focus();
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
    case "door":
      return <Doors door={route.door} />;
    case "account":
      return <AccountPage />;
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
