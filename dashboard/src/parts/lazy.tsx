/** A component whose script is loaded when it is first shown. */

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { ComponentType } from "preact";
import { Notice } from "./states";

type Loaded<P> = { status: "idle" | "loading" | "failed" } | { status: "ready"; Inner: ComponentType<P> };

export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  const loaded = signal<Loaded<P>>({ status: "idle" });
  const begin = (): void => {
    if (loaded.peek().status === "loading" || loaded.peek().status === "ready") return;
    loaded.value = { status: "loading" };
    load().then(
      (Inner) => (loaded.value = { status: "ready", Inner }),
      () => (loaded.value = { status: "failed" }),
    );
  };
  return function Lazy(props: P) {
    const now = loaded.value;
    useEffect(begin, []);
    if (now.status === "ready") return <now.Inner {...props} />;
    if (now.status !== "failed") return <div class="notice" aria-busy="true" />;
    return <Notice isPage title="This page did not load." action={{ label: "Try again", run: begin }} />;
  };
}
