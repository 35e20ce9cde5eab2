// Many PostgreSQL sessions over the one session of a PGlite with TimescaleDB, for the tests.
//
// node gateway.mjs SOCKET. Commands on the standard input, each answered by a line `done` (or `failed
// WHY`): `keep` remembers the database as it is, `reset` ends all sessions and puts it back. A session
// holds the backend from the first message of a unit (a simple query, or an extended exchange up to
// its Sync) until the backend is ready and outside of a transaction; the others wait in line.

import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { Backend } from "./backend.mjs";
import { Session } from "./session.mjs";

const backend = await Backend.start();
const sessions = new Set();

const server = createServer((socket) => {
  const session = new Session(socket, backend, sessions);
  sessions.add(session);
});
server.listen(process.argv[2], () => console.log("ready"));

const commands = {
  keep: () => backend.keep(),
  reset: () => {
    for (const session of [...sessions]) session.end();
    backend.reset();
  },
};

createInterface({ input: process.stdin })
  .on("line", (line) => {
    try {
      commands[line]();
      console.log("done");
    } catch (error) {
      console.log(`failed ${error.message}`);
    }
  })
  .on("close", () => process.exit(0));
