// A payload to be read, and the button that copies it.

import { type TemplateResult, html, nothing } from "lit";

import { icons } from "./icons.ts";
import { stretches } from "./json_text.ts";

/** More characters than these are shown only when they are copied out. */
const MOST_CHARACTERS = 200_000;

const CUT = "Only the beginning is shown. Copy it to see all.";

/** Laid-out JSON, or any text, to be read; `label` says to those who do not see it what it is. */
export function payload(text: string, label: string): TemplateResult {
  const shown = text.slice(0, MOST_CHARACTERS);
  const parts = /^\s*[[{]/.test(shown)
    ? stretches(shown)
    : [{ kind: "plain", text: shown } as const];
  return html`<pre tabindex="0" role="region" aria-label=${label} translate="no">
${parts.map(({ kind, text }) =>
        kind === "plain" ? text : html`<span class="of-${kind}">${text}</span>`,
      )}</pre>
    ${shown.length < text.length ? html`<p class="small muted">${CUT}</p>` : nothing}`;
}

/** A button that copies the text, and says so for a moment. */
export function copyButton(text: () => string, what: string): TemplateResult {
  return html`<button
    type="button"
    class="bare"
    @click=${(event: Event) => void copy(event, text())}
  >
    ${icons.copy}<span>Copy</span><span class="unseen">&nbsp;${what}</span>
  </button>`;
}

async function copy(event: Event, text: string): Promise<void> {
  const label = (event.currentTarget as HTMLElement).querySelector("span");
  const said = await navigator.clipboard.writeText(text).then(
    () => "Copied",
    () => "Not allowed",
  );
  if (label === null) return;
  label.textContent = said;
  setTimeout(() => (label.textContent = "Copy"), 1500);
}
