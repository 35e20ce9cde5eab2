/** Passkeys as JSON: the options of the server for the browser, and its answer for the server. */

import type { JsonObject } from "../api/types";

/** Where passkeys have a name to belong to: an address of digits is none. */
export function isNamedHost(hostname: string): boolean {
  return !/^[\d.]+$/.test(hostname) && !hostname.includes(":");
}

export function arePasskeysKnown(): boolean {
  return "PublicKeyCredential" in globalThis && isNamedHost(location.hostname);
}

/** Makes a passkey by the server's options; the answer for the server. */
export async function madePasskey(options: JsonObject): Promise<JsonObject> {
  const publicKey = withBytes(options) as unknown as PublicKeyCredentialCreationOptions;
  return await answered(() => navigator.credentials.create({ publicKey }));
}

/** Signs with a passkey by the server's options; the answer for the server. */
export async function usedPasskey(options: JsonObject): Promise<JsonObject> {
  const publicKey = withBytes(options) as unknown as PublicKeyCredentialRequestOptions;
  return await answered(() => navigator.credentials.get({ publicKey }));
}

const REFUSALS: Record<string, string> = {
  InvalidStateError: "This device holds a passkey of this account already.",
  NotAllowedError: "The passkey was not used: it was left, or it took too long.",
  SecurityError: "Passkeys do not belong to this address.",
};

async function answered(ask: () => Promise<Credential | null>): Promise<JsonObject> {
  let credential: Credential | null;
  try {
    credential = await ask();
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    throw new Error(REFUSALS[name] ?? "The browser could not use a passkey.");
  }
  return credentialJson(credential as PublicKeyCredential);
}

/** The options with bytes where WebAuthn wants bytes. */
export function withBytes(options: JsonObject): JsonObject {
  const { challenge, user, excludeCredentials, allowCredentials, ...rest } = options as Options;
  return {
    ...rest,
    challenge: bytesOf(challenge),
    ...(user && { user: withId(user) }),
    ...(excludeCredentials && { excludeCredentials: excludeCredentials.map(withId) }),
    ...(allowCredentials && { allowCredentials: allowCredentials.map(withId) }),
  };
}

type Identified = JsonObject & { id: string };

interface Options extends JsonObject {
  challenge: string;
  user?: Identified;
  excludeCredentials?: Identified[];
  allowCredentials?: Identified[];
}

function withId(one: Identified): JsonObject {
  return { ...one, id: bytesOf(one.id) };
}

const BUFFERS = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"] as const;

/** A credential as the Level 3 `toJSON` has it, which not every browser brings. */
export function credentialJson(credential: PublicKeyCredential): JsonObject {
  const from = credential.response as unknown as Record<string, ArrayBuffer | null | undefined>;
  const response: Record<string, unknown> = {};
  for (const name of BUFFERS) {
    const buffer = from[name];
    if (buffer) response[name] = textOf(buffer);
  }
  const { getTransports } = credential.response as AuthenticatorAttestationResponse;
  if (getTransports) response["transports"] = getTransports.call(credential.response);
  return {
    id: credential.id,
    rawId: textOf(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response,
  };
}

export function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  const binary = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
}

export function textOf(buffer: ArrayBuffer): string {
  const binary = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
