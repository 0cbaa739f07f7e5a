// A network between the page and a server, which can be cut: a relay of bytes.

import { once } from "node:events";
import { connect, createServer } from "node:net";

export class Relay {
  #server;
  #target;
  #sockets = new Set();
  #isCut = false;
  /** Whether anything has gone through it. */
  isUsed = false;

  static async start(url) {
    const relay = new Relay();
    const { hostname, port } = new URL(url);
    relay.#target = { host: hostname, port: Number(port) };
    relay.#server = createServer((socket) => relay.#relay(socket)).listen(0, "127.0.0.1");
    await once(relay.#server, "listening");
    relay.url = `http://127.0.0.1:${relay.#server.address().port}`;
    return relay;
  }

  /** Ends every connection, and takes no other. */
  cut() {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  restore() {
    this.#isCut = false;
  }

  async stop() {
    this.cut();
    this.#server.close();
    await once(this.#server, "close");
  }

  #relay(near) {
    if (this.#isCut) {
      near.resetAndDestroy();
      return;
    }
    this.isUsed = true;
    const far = connect(this.#target);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ]) {
      this.#sockets.add(socket);
      socket.pipe(other);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }
}
