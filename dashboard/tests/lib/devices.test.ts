import { expect, it } from "vitest";
import { deviceOf } from "../../src/lib/devices";

const CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
const PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Mobile Safari/604.1";

it.each([
  [CHROME, "Chrome on Linux"],
  [`${CHROME} Edg/140.0`, "Edge on Linux"],
  [PHONE, "Safari on iOS"],
  ["Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Windows"],
  ["python-httpx/0.28", "python-httpx/0.28"],
  [null, "A device without a name"],
])("calls %s: %s", (userAgent, name) => {
  expect(deviceOf(userAgent)).toBe(name);
});
