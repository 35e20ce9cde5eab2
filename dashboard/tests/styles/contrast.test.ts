/** Text is readable in both themes: every pair of text and surface has a contrast of 4.5 or more. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const LEAST = 4.5;
const TEXT = ["text", "text-soft", "accent", "up", "down"];
const SURFACES = ["ground", "surface", "raised"];

const css = readFileSync(new URL("../../src/styles/tokens.css", import.meta.url), "utf8");
const [light, dark, darkOfSystem] = [...css.matchAll(/^ *:root[^{]*\{([^}]*)\}/gm)].map(([, body]) =>
  tokens(body ?? ""),
);

describe.each([
  ["light", light],
  ["dark", dark],
])("the %s theme", (_, theme) => {
  const pairs = SURFACES.flatMap((surface) => TEXT.map((text) => [text, surface] as const));
  it.each([...pairs, ["on-amber", "amber"] as const])("shows %s on %s", (text, surface) => {
    expect(contrast(colour(theme, text), colour(theme, surface))).toBeGreaterThanOrEqual(LEAST);
  });
});

it("is as dark by the system's wish as by choice", () => {
  expect(darkOfSystem).toEqual(dark);
});

function tokens(body: string): Record<string, string> {
  const found = [...body.matchAll(/--([a-z-]+): ([^;]+);/g)];
  return Object.fromEntries(found.map(([, name, value]) => [name, value]));
}

function colour(theme: Record<string, string> | undefined, name: string): string {
  const value = theme?.[name];
  if (!value) throw new Error(`no token --${name}`);
  return value;
}

/** The contrast ratio of WCAG 2. */
function contrast(one: string, other: string): number {
  const [dim, bright] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (bright + 0.05) / (dim + 0.05);
}

function luminance(hex: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
