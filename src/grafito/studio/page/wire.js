// The one connection to the server: it comes back by itself, and says when it is gone.

const FIRST = 400, LONGEST = 4000; // milliseconds between tries

/** Messages come to `on.message(object)` and `on.frame(header, bytes)`; `on.gone(why)` and
 *  `on.here()` tell of the connection. */
export class Wire {
  constructor(address, on) {
    this.address = address;
    this.on = on;
    this.wait = FIRST;
    this.ended = false;
    addEventListener("online", () => this.now());
    document.addEventListener("visibilitychange", () => document.hidden || this.now());
    this.connect();
  }

  connect() {
    clearTimeout(this.timer);
    const socket = new WebSocket(this.address());
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    socket.onopen = () => {
      this.wait = FIRST;
      this.on.here();
    };
    socket.onmessage = event => {
      if (typeof event.data === "string") this.on.message(JSON.parse(event.data));
      else this.on.frame(event.data);
    };
    socket.onclose = event => {
      if (this.socket !== socket) return;
      this.on.gone(event.code);
      if (this.ended) return;
      this.timer = setTimeout(() => this.connect(), this.wait);
      this.wait = Math.min(LONGEST, this.wait * 1.7);
    };
  }

  /** Do not wait for the next try. */
  now() {
    if (this.ended || this.socket.readyState <= 1) return;
    this.wait = FIRST;
    this.connect();
  }

  /** Tell the server; false where nobody listens. */
  send(type, more = {}) {
    if (this.socket.readyState !== 1) return false;
    this.socket.send(JSON.stringify({ type, ...more }));
    return true;
  }

  /** No further tries: the server has said that it would not help. */
  end() {
    this.ended = true;
  }
}
