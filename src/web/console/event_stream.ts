// Server-sent events, read from a response (HTML standard, 9.2): EventSource can send no header.

/** An event of the stream. */
export interface StreamEvent {
  readonly id: string;
  readonly data: string;
}

/** Cuts what comes in into events. */
export class EventStreamReader {
  #rest = "";
  #id = "";
  #data: string[] = [];

  /** The events that this piece completes. */
  read(piece: string): StreamEvent[] {
    const lines = (this.#rest + piece).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    return lines.flatMap((line) => this.#line(line));
  }

  #line(line: string): StreamEvent[] {
    if (line === "") {
      const data = this.#data;
      this.#data = [];
      return data.length > 0 ? [{ id: this.#id, data: data.join("\n") }] : [];
    }
    const [field = "", value = ""] = line.split(/:(.*)/s);
    const text = value.startsWith(" ") ? value.slice(1) : value;
    if (field === "data") this.#data.push(text);
    else if (field === "id") this.#id = text;
    return [];
  }
}
