// One client: its names and settings kept apart from the others', and COPY over the wire.

import {
  code, copyRows, int16, int32, message, messagesOf, refusal, strings,
} from "./protocol.mjs";

const NOT_YET = { 80877103: "N", 80877104: "N" };
const CANCEL = 80877102;
const OWNER = "postgres";
const COPY_FILE = "/tmp/gateway.copy";
const COPY_IN = /^(\s*COPY\b[\s\S]*?)\bFROM\s+STDIN\b/i;
const COPY_OUT = /^(\s*COPY\b[\s\S]*)\bTO\s+STDOUT\b/i;
const SETS = /(^|;)\s*(SET|RESET|DISCARD)\b|\bset_config\b/i;
const LISTENS = /^\s*LISTEN\b/i;
const FORGETS_ALL = /^\s*DEALLOCATE\s+ALL\s*;?\s*$/i;
const REPORTED = [
  "server_version", "client_encoding", "DateStyle", "IntervalStyle", "TimeZone",
  "integer_datetimes", "standard_conforming_strings",
];

let number = 0;

export class Session {
  #socket;
  #backend;
  #sessions;
  #buffer = Buffer.alloc(0);
  #inbox = [];
  #waits = false;
  #started = false;
  #prefix = `s${(number += 1)}_`;
  #user = OWNER;
  #settings = [];
  #touched = false;
  #statements = new Map();
  #portals = new Map();
  #failed = false;
  #copy = null;
  listens = false;

  constructor(socket, backend, sessions) {
    this.#socket = socket;
    this.#backend = backend;
    this.#sessions = sessions;
    socket.on("data", (bytes) => this.#received(bytes));
    socket.on("close", () => this.end());
    socket.on("error", () => this.end());
  }

  end() {
    if (!this.#sessions.delete(this)) return;
    this.#inbox = [];
    this.#backend.forget(this);
    this.#socket.destroy();
  }

  /** Another session was at work before: put in force what this one has set. */
  enter() {
    if (this.#user !== OWNER) this.#backend.ask(`SET SESSION AUTHORIZATION "${this.#user}"`);
    for (const [name, value] of this.#settings)
      this.#backend.ask(`SELECT set_config(${quoted(name)}, ${quoted(value)}, false)`);
  }

  /** Another session is about to work: take away what this one has set. */
  leave() {
    if (this.#user !== OWNER) this.#backend.ask("RESET SESSION AUTHORIZATION");
    if (this.#settings.length) this.#backend.resetSettings();
  }

  #received(bytes) {
    this.#buffer = this.#buffer.length ? Buffer.concat([this.#buffer, bytes]) : bytes;
    if (!this.#started) return this.#start();
    const [found, rest] = messagesOf(this.#buffer, true);
    this.#buffer = rest;
    this.#inbox.push(...found);
    this.#work();
  }

  #start() {
    const [[first], rest] = messagesOf(this.#buffer, false);
    if (!first) return;
    this.#buffer = rest;
    const asked = first.bytes.readInt32BE(4);
    if (NOT_YET[asked]) return this.#socket.write(NOT_YET[asked]);
    if (asked === CANCEL) return this.end();
    this.#introduce(first.bytes);
    this.#started = true;
    this.#received(Buffer.alloc(0));
  }

  #introduce(bytes) {
    let at = 8;
    let pair;
    const given = {};
    while (bytes[at] !== 0) {
      [pair, at] = strings(bytes, at, 2);
      given[pair[0]] = pair[1];
    }
    const { user, database: _, options = "", ...settings } = given;
    this.#user = user;
    for (const [, name, value] of options.matchAll(/(?:-c\s*|--)([\w.]+)=((?:\\.|\S)*)/g))
      settings[name] = value.replaceAll(/\\(.)/g, "$1");
    this.#settings = Object.entries(settings);
    this.#backend.take(this, () => this.#welcome(), () => this.#refuse());
  }

  #welcome() {
    const told = REPORTED.map((name) => [name, this.#backend.ask(`SHOW ${name}`)[0][0]]);
    this.#send([
      message("R", int32(0)),
      ...told.map(([name, value]) => message("S", name, value)),
      message("K", int32(number), int32(0)),
      message("Z", code("I")),
    ]);
    this.#backend.release(this);
  }

  #refuse() {
    this.#send([refusal("FATAL", "55P03", "another session holds the one backend for too long")]);
    this.#socket.end();
  }

  #send(messages) {
    if (!this.#socket.destroyed) this.#socket.write(Buffer.concat(messages));
  }

  #work() {
    while (this.#inbox.length && !this.#waits) {
      const { type } = this.#inbox[0];
      if (type === "X") return this.end();
      if (type === "H" || (!this.#copy && "dcf".includes(type))) {
        this.#inbox.shift(); // nothing to be told, and no reason to hold the backend
        continue;
      }
      this.#waits = true;
      this.#backend.take(
        this,
        () => {
          this.#waits = false;
          const next = this.#inbox.shift();
          if (next) this.#handle(next);
          setImmediate(() => this.#work());
        },
        () => this.#refuse(),
      );
      if (this.#waits) return;
    }
  }

  #handle({ type, bytes }) {
    if (this.#copy) return this.#copied(type, bytes);
    const handler = { Q: "query", P: "parse", B: "bind", D: "named", C: "named", E: "execute" }[type];
    if (this.#failed && type !== "S") return;
    if (handler === undefined) return this.#relay(bytes);
    this[handler](bytes, type);
  }

  query(bytes) {
    const [[statement]] = strings(bytes, 5, 1);
    this.#notice(statement);
    if (FORGETS_ALL.test(statement)) return this.#forgetAll();
    const copy = copyOf(statement);
    const message_ = copy ? message("Q", copy.statement) : bytes;
    this.#execute(copy, message_);
  }

  parse(bytes) {
    const [[name, statement], end] = strings(bytes, 5, 2);
    const copy = copyOf(statement);
    this.#statements.set(name, { statement, copy });
    this.#relay(message("P", this.#own(name), copy?.statement ?? statement, bytes.subarray(end)));
  }

  bind(bytes) {
    const [[portal, name], end] = strings(bytes, 5, 2);
    this.#portals.set(portal, this.#statements.get(name));
    this.#relay(message("B", this.#own(portal), this.#own(name), bytes.subarray(end)));
  }

  named(bytes, type) {
    const [[name]] = strings(bytes, 6, 1);
    if (type === "C" && bytes[5] === 83) this.#statements.delete(name);
    this.#relay(message(type, bytes.subarray(5, 6), this.#own(name)));
  }

  execute(bytes) {
    const [[portal], end] = strings(bytes, 5, 1);
    const bound = this.#portals.get(portal);
    this.#notice(bound?.statement ?? "");
    this.#execute(bound?.copy, message("E", this.#own(portal), bytes.subarray(end)));
  }

  #own(name) {
    return name && this.#prefix + name;
  }

  #notice(statement) {
    this.#touched ||= SETS.test(statement);
    this.listens ||= LISTENS.test(statement);
  }

  #execute(copy, bytes) {
    if (copy?.way !== "in") return this.#relay(bytes, copy?.way === "out");
    this.#copy = { bytes, chunks: [] };
    this.#send([message("G", Buffer.from([1]), int16(0))]);
  }

  #copied(type, bytes) {
    const { bytes: statement, chunks } = this.#copy;
    if (type === "d") chunks.push(bytes.subarray(5));
    if (type === "c") {
      this.#copy = null;
      this.#backend.files.writeFile(COPY_FILE, Buffer.concat(chunks));
      this.#relay(statement);
    }
    if (type === "f") {
      this.#copy = null;
      const why = strings(bytes, 5, 1)[0][0];
      const raise = `DO $$BEGIN RAISE query_canceled USING MESSAGE = ${quoted(why)}; END$$`;
      if (statement[0] === 81) return this.#relay(message("Q", raise));
      this.#relay(message("P", "", raise, int16(0)));
      this.#relay(message("B", "", "", int16(0), int16(0), int16(0)));
      this.#relay(message("E", "", int32(0)));
    }
  }

  #forgetAll() {
    for (const name of this.#statements.keys())
      if (name) this.#backend.run(message("C", code("S"), this.#own(name)));
    this.#statements.clear();
    const [ready] = this.#backend.run(message("S"));
    this.#answer([{ type: "C", bytes: message("C", "DEALLOCATE ALL") }, ready], false);
  }

  #relay(bytes, copiesOut = false) {
    this.#answer(this.#backend.run(bytes), copiesOut);
  }

  #answer(messages, copiesOut) {
    const told = [];
    let free = false;
    for (const { type, bytes } of messages) {
      if (type === "A") this.#tell(bytes);
      else if (type === "C" && copiesOut) told.push(...this.#copiedOut(), bytes);
      else if (type !== "N" || !isDebugging(bytes)) told.push(bytes);
      if (type === "E") this.#failed = true;
      if (type === "Z") {
        this.#failed = false;
        free = bytes[5] === 73;
      }
    }
    if (free) this.#remember();
    this.#send(told);
    if (free) this.#backend.release(this);
  }

  #copiedOut() {
    const file = Buffer.from(this.#backend.files.readFile(COPY_FILE));
    return [
      message("H", Buffer.from([1]), int16(0)),
      ...copyRows(file).map((row) => message("d", row)),
      message("c"),
    ];
  }

  #tell(notification) {
    for (const session of this.#sessions) if (session.listens) session.#send([notification]);
  }

  #remember() {
    if (!this.#touched) return;
    this.#touched = false;
    this.#settings = this.#backend.ask("SELECT name, setting FROM pg_settings WHERE source = 'session'");
  }
}

function copyOf(statement) {
  const [into, outOf] = [COPY_IN.test(statement), COPY_OUT.test(statement)];
  if (into) return { way: "in", statement: statement.replace(COPY_IN, `$1FROM '${COPY_FILE}'`) };
  if (outOf) return { way: "out", statement: statement.replace(COPY_OUT, `$1TO '${COPY_FILE}'`) };
  return null;
}

const isDebugging = (notice) => strings(notice, 6, 1)[0][0].startsWith("DEBUG");

const quoted = (value) => `'${value.replaceAll("'", "''")}'`;
