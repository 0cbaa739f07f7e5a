// What a row of the timeline says of an entry.

import type { Direction, Entry } from "./entry.ts";

/** How an entry's outcome is shown. */
export type Tone = "calm" | "waiting" | "fault" | "bad";

/** The arrow of each direction: the customer stands on the left, Genesys on the right. */
export const ARROWS: Readonly<Record<Direction, string>> = {
  to_client: "←",
  to_baton: "←",
  from_client: "→",
  to_genesys: "→",
};

/** The same in words. */
export const DIRECTION_NAMES: Readonly<Record<Direction, string>> = {
  to_client: "to the customer",
  from_client: "from the customer",
  to_genesys: "from Baton to Genesys",
  to_baton: "from Genesys to Baton",
};

/** What most requests are, of which the end alone tells what: more than a narrow row has room for. */
const INBOUND = " /conversations/messages/{…}/inbound/open/";

/** What it is, as short as a row needs it: every path of the Platform API begins in the same way. */
export function titleWords({ title, attempt }: Entry): string {
  const short = title.replace(" /api/v2/", " /").replace(INBOUND, " …/inbound/open/");
  return attempt !== undefined && attempt > 1 ? `${short} (attempt ${attempt})` : short;
}

/** What came of it, in a word or two. */
export function outcomeWords({ outcome, status, title }: Entry): string {
  const code = status === undefined ? "" : ` ${status}`;
  switch (outcome) {
    case "under_way":
      return "under way";
    case "ok":
      return status === undefined ? "" : String(status);
    case "refused":
      return `refused${code}`;
    case "failed":
      return isFault(title) ? "fault" : status === undefined ? "no answer" : `failed${code}`;
  }
}

/** Whether this is the title of a fault that struck: one that was asked for. */
export function isFault(title: string): boolean {
  return title.startsWith("Fault:");
}

/** Whether the outcome is worth a colour. */
export function tone({ outcome, title }: Entry): Tone {
  if (isFault(title)) return "fault";
  if (outcome === "refused" || outcome === "failed") return "bad";
  return outcome === "under_way" ? "waiting" : "calm";
}

/** The delay: until the answer or, of a chat event, since what caused it. */
export function delayWords({ tookMilliseconds: took, lane }: Entry): string {
  if (took === undefined) return "";
  const words =
    took >= 1000
      ? `${(took / 1000).toFixed(1)} s`
      : `${took < 10 ? took.toFixed(1) : Math.round(took)} ms`;
  return lane === "chat" ? `+${words}` : words;
}

/** The time of day where the reader is, with milliseconds. */
export function clockWords(at: string): string {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return "";
  const digits = (value: number, length = 2) => String(value).padStart(length, "0");
  const parts = [time.getHours(), time.getMinutes(), time.getSeconds()];
  return `${parts.map((part) => digits(part)).join(":")}.${digits(time.getMilliseconds(), 3)}`;
}

/** The beginning of an id, enough to tell it from others. */
export function shortId(id: string): string {
  return id.length > 8 ? id.slice(0, 8) : id;
}
