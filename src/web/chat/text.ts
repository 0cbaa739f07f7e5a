// Text of others: where there is a link in it, and how large it is.

/** A stretch of a text: plain, or a link. */
export type Stretch = { readonly text: string; readonly href?: string };

const ADDRESS = /https?:\/\/[^\s<>"]+/gi;

/** The address if it leads to the web, written in full; `undefined` for any other scheme or thing. */
export function webAddress(value: unknown): string | undefined {
  if (typeof value !== "string" || !/^https?:\/\//i.test(value.trim())) return undefined;
  try {
    const { protocol, href } = new URL(value.trim());
    return protocol === "https:" || protocol === "http:" ? href : undefined;
  } catch {
    return undefined;
  }
}

/** The text, cut where links begin and end. Joined again, the stretches are the text. */
export function stretches(text: string): Stretch[] {
  const found: Stretch[] = [];
  let end = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = withoutPunctuation(match[0]);
    const href = webAddress(address);
    if (href === undefined) continue;
    if (match.index > end) found.push({ text: text.slice(end, match.index) });
    found.push({ text: address, href });
    end = match.index + address.length;
  }
  if (end < text.length) found.push({ text: text.slice(end) });
  return found;
}

/** Without what ends the sentence around the address, and a bracket that was opened before it. */
function withoutPunctuation(address: string): string {
  for (;;) {
    const last = address.at(-1) ?? "";
    const opened = { ")": "(", "]": "[", "}": "{" }[last];
    const closes = opened !== undefined && count(address, last) > count(address, opened);
    if (!closes && !".,;:!?'*_~".includes(last || "x")) return address;
    address = address.slice(0, -1);
  }
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}

/** The size of the text in bytes of UTF-8, which is what the server counts. */
export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
