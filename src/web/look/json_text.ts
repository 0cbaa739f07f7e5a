// JSON as a person reads it: laid out, and cut into the stretches that are coloured.

/** What a stretch of JSON is. */
export type Kind = "name" | "text" | "value" | "plain";

/** A stretch of laid-out JSON. */
export type Stretch = { readonly kind: Kind; readonly text: string };

/** More stretches than these are not told apart: a reader does not need it, and a page feels it. */
const MOST_STRETCHES = 4000;

const PARTS =
  /("(?:[^"\\]|\\.)*")(\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\b(?:true|false|null)\b/g;

/** The value laid out. */
export function laidOut(value: unknown): string {
  return JSON.stringify(value, null, 2) ?? "null";
}

/** The text laid out if it is JSON, and as it stands if it is not. */
export function laidOutText(text: string): string {
  try {
    return laidOut(JSON.parse(text));
  } catch {
    return text;
  }
}

/** The text, cut where its kinds change. Joined again, the stretches are the text. */
export function stretches(text: string): Stretch[] {
  const found: Stretch[] = [];
  let end = 0;
  for (const match of text.matchAll(PARTS)) {
    if (found.length >= MOST_STRETCHES) break;
    const [part, quoted, colon] = match;
    if (match.index > end) found.push({ kind: "plain", text: text.slice(end, match.index) });
    if (quoted === undefined) found.push({ kind: "value", text: part });
    else if (colon === undefined) found.push({ kind: "text", text: part });
    else found.push({ kind: "name", text: quoted }, { kind: "plain", text: colon });
    end = match.index + part.length;
  }
  if (end < text.length) found.push({ kind: "plain", text: text.slice(end) });
  return found;
}
