/** Which page an address is. */

export type Route =
  | { page: "markets" }
  | { page: "instrument"; symbol: string }
  | { page: "unknown" };

export function routeOf(pathname: string): Route {
  if (pathname === "/" || pathname === "/markets") return { page: "markets" };
  const symbol = decoded(/^\/instruments\/([^/]+)\/?$/.exec(pathname)?.[1]);
  return symbol ? { page: "instrument", symbol } : { page: "unknown" };
}

export function instrumentPath(symbol: string): string {
  return `/instruments/${encodeURIComponent(symbol)}`;
}

function decoded(text: string | undefined): string | undefined {
  try {
    return text && decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
