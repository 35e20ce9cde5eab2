import { describe, expect, it } from "vitest";
import { bytesOf, credentialJson, isNamedHost, textOf, withBytes } from "../../src/lib/passkeys";

const bytes = (...values: number[]) => Uint8Array.from(values);

describe("base64url", () => {
  it.each([[[]], [[255]], [[251, 239, 190]], [[0, 1, 2, 3]]])("gives back %j", (values) => {
    const buffer = bytes(...values);
    expect(bytesOf(textOf(buffer.buffer))).toEqual(buffer);
  });

  it("is the alphabet of addresses, without padding", () => {
    expect(textOf(bytes(251, 255).buffer)).toBe("-_8");
  });
});

it("makes bytes of a challenge, a user's id and the ids of passkeys, and leaves the rest", () => {
  const options = {
    challenge: "AQ",
    rpId: "localhost",
    user: { id: "Ag", name: "ada" },
    excludeCredentials: [{ id: "Aw", type: "public-key" }],
  };
  expect(withBytes(options)).toEqual({
    challenge: bytes(1),
    rpId: "localhost",
    user: { id: bytes(2), name: "ada" },
    excludeCredentials: [{ id: bytes(3), type: "public-key" }],
  });
});

it("writes a credential as JSON, without the parts that it lacks", () => {
  const credential = {
    id: "BA",
    rawId: bytes(4).buffer,
    type: "public-key",
    authenticatorAttachment: "platform",
    getClientExtensionResults: () => ({}),
    response: { clientDataJSON: bytes(5).buffer, signature: bytes(6).buffer, userHandle: null },
  };
  expect(credentialJson(credential as unknown as PublicKeyCredential)).toEqual({
    id: "BA",
    rawId: "BA",
    type: "public-key",
    authenticatorAttachment: "platform",
    clientExtensionResults: {},
    response: { clientDataJSON: "BQ", signature: "Bg" },
  });
});

it.each([
  ["localhost", true],
  ["tradewind.example.org", true],
  ["127.0.0.1", false],
  ["[::1]", false],
])("knows whether %s is a name", (host, named) => {
  expect(isNamedHost(host)).toBe(named);
});
