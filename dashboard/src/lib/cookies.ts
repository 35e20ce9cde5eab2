/** A cookie that the page itself may read: its value, and its end. */

const PREFIXES = ["__Host-", "__Secure-", ""];

/** The value of `name` among `cookies`, under whichever prefix it has; null where there is none. */
export function cookieOf(cookies: string, name: string): string | null {
  const pairs = new Map(
    cookies.split("; ").map((pair) => {
      const at = pair.indexOf("=");
      return [pair.slice(0, at), pair.slice(at + 1)] as const;
    }),
  );
  for (const prefix of PREFIXES) {
    const value = pairs.get(prefix + name);
    if (value) return decodeURIComponent(value);
  }
  return null;
}

/** What `document.cookie` is given to forget `name`, under whichever prefix it has. */
export function expired(name: string): string[] {
  return PREFIXES.map((prefix) => `${prefix}${name}=; max-age=0; path=/${prefix && "; secure"}`);
}
