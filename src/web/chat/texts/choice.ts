// In which language the component speaks.

import { de } from "./de.ts";
import { en } from "./en.ts";
import { es } from "./es.ts";
import { fr } from "./fr.ts";
import { it } from "./it.ts";
import { nl } from "./nl.ts";
import { pl } from "./pl.ts";
import type { Texts } from "./texts.ts";

/** All languages, by their code. */
export const LANGUAGES: Readonly<Record<string, Texts>> = { en, de, fr, es, it, nl, pl };

/** A language with its words, and with how numbers and times are written in it. */
export interface Spoken {
  /** The language's tag, with its region if there was one: `de-AT`. */
  readonly tag: string;
  readonly texts: Texts;
  readonly clock: Intl.DateTimeFormat;
  readonly number: Intl.NumberFormat;
  readonly minutes: Intl.NumberFormat;
}

/** What was chosen last: to make formats takes long. */
let last: Spoken | undefined;

/** The first of the wanted languages that there is, or English. */
export function choose(wanted: readonly (string | null | undefined)[]): Spoken {
  const tag = wanted.find((tag) => tag && textsOf(tag) && isTag(tag)) ?? "en";
  if (last?.tag !== tag) last = spoken(tag, textsOf(tag) ?? en);
  return last;
}

function spoken(tag: string, texts: Texts): Spoken {
  return {
    tag,
    texts,
    clock: new Intl.DateTimeFormat(tag, { hour: "numeric", minute: "2-digit" }),
    number: new Intl.NumberFormat(tag),
    minutes: new Intl.NumberFormat(tag, { style: "unit", unit: "minute", unitDisplay: "long" }),
  };
}

function textsOf(tag: string): Texts | undefined {
  const code = tag.split("-")[0]?.toLowerCase() ?? "";
  return Object.hasOwn(LANGUAGES, code) ? LANGUAGES[code] : undefined;
}

function isTag(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}
