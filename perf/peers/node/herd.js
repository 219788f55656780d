// herd.js - a herd of servers on Node.js: net, a Map, persistent links between nodes.
//
//     node herd.js --port P [--node NAME --topology FILE]
//
// One process per node, one port for clients and neighbours. Each node dials each of its neighbours
// and writes its floods there; what they flood arrives on the links that they dialled. Text is
// latin1, which keeps every byte and is V8's cheapest string. The commands of one read are answered
// with one write; what a turn of the loop has to flood is one write per link.
'use strict';
const fs = require('fs');
const net = require('net');
const path = require('path');
const { parseArgs } = require('util');

const LINE_MAX = 65536; // a connection that sends more without a newline is dropped
const FUTURE_S = 86400; // how far ahead a client's clock may be
const REDIAL_MS = 100;

// White space is spelt out: to JavaScript, \s is also a byte of some UTF-8 characters in latin1.
const GAP = '[ \\t\\r\\f\\v]';
const ID = '([^ \\t\\r\\f\\v]{1,255})';
const POSITION = '(([+-]\\d{1,3}(?:\\.\\d{1,15})?)([+-]\\d{1,3}(?:\\.\\d{1,15})?))';
const TIME = '((\\d+)(?:\\.(\\d{1,9}))?)';
const IAMAT = new RegExp(`^${GAP}*IAMAT${GAP}+${ID}${GAP}+${POSITION}${GAP}+${TIME}${GAP}*$`);
const WHATSAT = new RegExp(
  `^${GAP}*WHATSAT${GAP}+${ID}${GAP}+(\\d+(?:\\.\\d+)?)${GAP}+(\\d+)${GAP}*$`);
const AT = new RegExp(
  `^(AT [^ ]+ [+-]\\d+\\.\\d{9} ${ID} ${POSITION} ${TIME})((?: [^ \\t\\r\\f\\v]+)+)$`);

// In V8 a substring keeps the whole string alive, and a concatenation its parts; what is stored
// must be a string of its own.
const own = (text) => (' ' + text).slice(1);

// The origin's receive time minus the client's, exact; undefined when the client is too far ahead.
function skew(seconds, nanoseconds) {
  const now = Date.now();
  let s = Math.floor(now / 1000) - seconds;
  let ns = (now % 1000) * 1e6 - nanoseconds;
  if (s < -FUTURE_S || (s === -FUTURE_S && ns < 0)) return undefined;
  const ahead = s < 0 || (s === 0 && ns < 0);
  if (ahead) {
    s = -s;
    ns = -ns;
  }
  if (ns < 0) {
    s -= 1;
    ns += 1e9;
  }
  return `${ahead ? '-' : '+'}${s}.${String(ns).padStart(9, '0')}`;
}

const nanosecondsOf = (fraction) => (fraction ? Number(fraction.padEnd(9, '0')) : 0);

// The link to one neighbour: dialled again whenever it is lost, then sent all that is held.
class Link {
  constructor(node, neighbour) {
    this.node = node;
    this.name = neighbour.name;
    this.port = neighbour.port;
    this.pending = '';
    this.up = false;
    this.dial();
  }

  dial() {
    this.socket = net.connect({ port: this.port, host: '127.0.0.1', noDelay: true });
    this.socket.on('connect', () => {
      this.up = true;
      for (const stamp of this.node.stamps.values()) this.send(`${stamp.line} ${this.node.name}\n`);
    });
    this.socket.resume(); // nothing arrives here except the end
    this.socket.on('drain', () => this.node.resumeClients());
    this.socket.on('error', () => {}); // 'close' follows
    this.socket.on('close', () => {
      this.up = false;
      this.node.resumeClients();
      setTimeout(() => this.dial(), REDIAL_MS);
    });
  }

  send(message) {
    if (!this.up) return;
    if (this.pending === '') setImmediate(() => this.flush());
    this.pending += message;
  }

  flush() {
    if (this.up) this.socket.write(this.pending, 'latin1');
    this.pending = '';
  }

  get full() {
    return this.up && this.socket.writableNeedDrain;
  }
}

class Node {
  constructor(name, neighbours, places) {
    this.name = name;
    this.places = places;
    this.stamps = new Map(); // client id -> { seconds, nanoseconds, line }
    this.waiting = new Set(); // clients that are not read from until the links have room
    this.links = neighbours.map((neighbour) => new Link(this, neighbour));
  }

  // The reply to one line; empty for a neighbour's.
  answer(line, socket) {
    let reply;
    let match;
    if ((match = IAMAT.exec(line))) reply = this.iamat(match, socket);
    else if ((match = WHATSAT.exec(line))) reply = this.whatsat(match);
    else if ((match = AT.exec(line))) {
      const [, at, id, , , , , seconds, fraction, seen] = match;
      this.learn(id, Number(seconds), nanosecondsOf(fraction), at, seen);
      return '';
    }
    return reply || `? ${line.endsWith('\r') ? line.slice(0, -1) : line}\n`;
  }

  iamat([, id, position, latitude, longitude, time, whole, fraction], socket) {
    if (Math.abs(latitude) > 90 || Math.abs(longitude) > 180) return undefined;
    const seconds = Number(whole);
    const nanoseconds = nanosecondsOf(fraction);
    const ahead = skew(seconds, nanoseconds);
    if (ahead === undefined) return undefined;
    const line = `AT ${this.name} ${ahead} ${id} ${position} ${time}`;
    const stamp = this.learn(id, seconds, nanoseconds, line, '');
    if (this.links.some((link) => link.full)) {
      socket.pause();
      this.waiting.add(socket);
    }
    return stamp.line + '\n';
  }

  whatsat([, id, radius, count]) {
    const stamp = this.stamps.get(id);
    if (!stamp || Number(radius) > 50 || Number(count) > 20) return undefined;
    const found = { ...this.places, results: this.places.results.slice(0, Number(count)) };
    return `${stamp.line}\n${Buffer.from(JSON.stringify(found)).latin1Slice()}\n\n`;
  }

  // The stamp held for a client id, after one that is newer has been stored and passed on.
  learn(id, seconds, nanoseconds, line, seen) {
    const held = this.stamps.get(id);
    if (held) {
      if (held.seconds > seconds || (held.seconds === seconds && held.nanoseconds >= nanoseconds))
        return held;
      held.seconds = seconds;
      held.nanoseconds = nanoseconds;
      held.line = own(line);
    } else {
      this.stamps.set(own(id), { seconds, nanoseconds, line: own(line) });
    }
    if (this.links.length > 0) {
      const names = seen.split(' ');
      const message = `${line}${seen} ${this.name}\n`;
      for (const link of this.links) if (!names.includes(link.name)) link.send(message);
    }
    return held || this.stamps.get(id);
  }

  resumeClients() {
    if (this.links.some((link) => link.full)) return;
    for (const socket of this.waiting) socket.resume();
    this.waiting.clear();
  }

  // A client, or a neighbour that has dialled.
  connected(socket) {
    let rest = '';
    const reply = (lines) => {
      let replies = '';
      for (const line of lines) replies += this.answer(line, socket);
      if (replies !== '' && !socket.write(replies, 'latin1')) socket.pause();
    };
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop();
      reply(lines);
      if (rest.length > LINE_MAX) socket.destroy();
    });
    socket.on('drain', () => {
      if (!this.waiting.has(socket)) socket.resume();
    });
    socket.on('end', () => {
      if (rest !== '') reply([rest]); // a last line may end without a newline
      socket.end();
    });
    socket.on('error', () => {}); // 'close' follows
    socket.on('close', () => this.waiting.delete(socket));
  }
}

// The neighbours of a node. An edge that is named at one end is enough.
function readTopology(file, name) {
  const ports = new Map();
  const neighbours = new Set();
  for (const line of fs.readFileSync(file, 'utf8').split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [node, port, ...others] = line.trim().split(/\s+/);
    ports.set(node, Number(port));
    if (node === name) others.forEach((other) => neighbours.add(other));
    else if (others.includes(name)) neighbours.add(node);
  }
  return [...neighbours].map((other) => ({ name: other, port: ports.get(other) }));
}

const { values: options } = parseArgs({
  options: {
    port: { type: 'string' },
    node: { type: 'string', default: 'Goloman' },
    topology: { type: 'string' },
  },
});
if (!options.port) {
  console.error('usage: herd.js --port P [--node NAME --topology FILE]');
  process.exit(2);
}
const places = JSON.parse(fs.readFileSync(path.join(__dirname, '..', 'places.json'), 'utf8'));
const neighbours = options.topology ? readTopology(options.topology, options.node) : [];
const node = new Node(options.node, neighbours, places);
const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (s) => node.connected(s));
server.listen({ port: Number(options.port), host: '127.0.0.1', backlog: 4096 }, () => {
  console.log('ready');
});
process.on('SIGTERM', () => process.exit(0));
