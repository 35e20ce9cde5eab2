// The messages of the PostgreSQL protocol, version 3: taken apart and put together.

/** The complete messages at the start of `buffer`, and the rest. The first of a connection has no type. */
export function messagesOf(buffer, started) {
  const found = [];
  let at = 0;
  for (;;) {
    const head = started ? 1 : 0;
    if (buffer.length < at + head + 4) break;
    const length = head + buffer.readInt32BE(at + head);
    if (buffer.length < at + length) break;
    const type = started ? String.fromCharCode(buffer[at]) : "";
    found.push({ type, bytes: buffer.subarray(at, at + length) });
    at += length;
    if (!started) break;
  }
  return [found, buffer.subarray(at)];
}

/** One message; a string among the parts is written with its end. */
export function message(type, ...parts) {
  const body = Buffer.concat(parts.map((part) => (typeof part === "string" ? text(part) : part)));
  const head = Buffer.alloc(5);
  head[0] = type.charCodeAt(0);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

export const text = (value) => Buffer.from(`${value}\0`);

export const code = (letter) => Buffer.from(letter, "latin1");

export function int16(value) {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

export function int32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** The strings that follow each other from `at` on, as many as asked for, and where they end. */
export function strings(bytes, at, count) {
  const found = [];
  for (let each = 0; each < count; each += 1) {
    const end = bytes.indexOf(0, at);
    found.push(bytes.toString("utf8", at, end));
    at = end + 1;
  }
  return [found, at];
}

/** An ErrorResponse, or a NoticeResponse. */
export function refusal(severity, sqlstate, words) {
  const field = (letter, value) => Buffer.concat([code(letter), text(value)]);
  return message(
    "E",
    field("S", severity),
    field("V", severity),
    field("C", sqlstate),
    field("M", words),
    Buffer.from([0]),
  );
}

/** The rows of a binary COPY file, each a slice; the header belongs to the first, the trailer is the last. */
export function copyRows(file) {
  const rows = [];
  let start = 0;
  let at = 11 + 8 + file.readInt32BE(15);
  while (at < file.length) {
    const fields = file.readInt16BE(at);
    at += 2;
    for (let each = 0; each < fields; each += 1) {
      const length = file.readInt32BE(at);
      at += 4 + Math.max(length, 0);
    }
    rows.push(file.subarray(start, at));
    start = at;
    if (fields === -1) break;
  }
  return rows;
}
