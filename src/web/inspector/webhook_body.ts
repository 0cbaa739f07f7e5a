// The body of a webhook, byte for byte, and where it came from.

/** Where a body came from: it says how far its bytes can be trusted. */
export type Origin =
  | { readonly kind: "typed" }
  | { readonly kind: "pasted" }
  | { readonly kind: "example" }
  | { readonly kind: "handed_over" }
  | { readonly kind: "file"; readonly name: string };

/** A body. */
export interface WebhookBody {
  /** What was signed, if nothing has changed on the way. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same, to be read. */
  readonly text: string;
  readonly origin: Origin;
}

/** More bytes than these are no webhook, and are not read. */
export const MOST_BYTES = 4 << 20;

const LINE_BREAK = 0x0a;

/** No body yet. */
export const EMPTY: WebhookBody = ofText("", { kind: "typed" });

/** The body of this text. */
export function ofText(text: string, origin: Origin): WebhookBody {
  return { bytes: new TextEncoder().encode(text), text, origin };
}

/** The body of these bytes. */
export function ofBytes(bytes: Uint8Array<ArrayBuffer>, origin: Origin): WebhookBody {
  return { bytes, text: new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes), origin };
}

/** How large it is, how it ends, and whether its bytes are those that came in. */
export function remark({ bytes, origin }: WebhookBody): string {
  const size = `${bytes.length.toLocaleString("en")} ${bytes.length === 1 ? "byte" : "bytes"}`;
  const end = bytes.at(-1) === LINE_BREAK ? "a line break at the end" : "no line break at the end";
  return `${size}, ${end}. ${trust(origin)}`;
}

function trust(origin: Origin): string {
  switch (origin.kind) {
    case "typed":
      return "Edited here: only bytes that nobody has touched have the signature of Genesys.";
    case "pasted":
      return "Pasted text may have lost its last line break on the way. Drop the file to be sure of every byte.";
    case "example":
      return "An example.";
    case "handed_over":
      return "From the timeline, as it was sent.";
    case "file":
      return `From ${origin.name}, byte for byte.`;
  }
}
