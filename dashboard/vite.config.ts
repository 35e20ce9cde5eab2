/** How the dashboard is built, served while it is worked on, and tested. */

import { defineConfig } from "vitest/config";

/** Where `npm run dev` finds the API: a `tradewind up` on its default port. */
const API = "http://127.0.0.1:8000";

export default defineConfig({
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  build: { target: "es2022", modulePreload: { polyfill: false }, reportCompressedSize: true },
  server: { host: "127.0.0.1", proxy: { "/api": API, "/health": API, "/development": API } },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
