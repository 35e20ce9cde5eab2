/** Which page an address is. */

/** The pages by which one comes in: each is its name, as an address. */
export const DOORS = ["sign-in", "register", "verify", "forgot", "reset", "lock"] as const;
export type Door = (typeof DOORS)[number];

export type Route =
  | { page: "markets" }
  | { page: "account" }
  | { page: "door"; door: Door }
  | { page: "instrument"; symbol: string }
  | { page: "unknown" };

export function routeOf(pathname: string): Route {
  if (pathname === "/" || pathname === "/markets") return { page: "markets" };
  if (pathname === "/account") return { page: "account" };
  const door = DOORS.find((name) => pathname === `/${name}`);
  if (door) return { page: "door", door };
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
