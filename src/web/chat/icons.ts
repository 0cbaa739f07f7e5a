// The icons, drawn here: nothing is fetched for them. They say nothing that is not said beside them.

import { type TemplateResult, html, svg } from "lit";

function icon(paths: TemplateResult): TemplateResult {
  return html`<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75"
    stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${paths}</svg>`;
}

export const icons = {
  chat: icon(svg`<path d="M20 12a8 8 0 0 1-8 8H4.5l1.6-2.7A8 8 0 1 1 20 12Z" />`),
  down: icon(svg`<path d="m6 9 6 6 6-6" />`),
  end: icon(svg`<path d="M11 5H6.5A1.5 1.5 0 0 0 5 6.5v11A1.5 1.5 0 0 0 6.5 19H11M15 8l4 4-4 4M19 12h-9" />`),
  external: icon(svg`<path d="M14 5h5v5M19 5l-8 8M11 6H6v12h12v-5" />`),
  failed: icon(svg`<circle cx="12" cy="12" r="9" /><path d="M12 7.5v5.5M12 16.4v.1" />`),
  bot: icon(
    svg`<rect x="4.5" y="8" width="15" height="11" rx="3" /><path d="M12 8V4.5M9.5 13v1.5M14.5 13v1.5" />`,
  ),
  person: icon(svg`<circle cx="12" cy="8.5" r="3.75" /><path d="M5 19.5a7 7 0 0 1 14 0" />`),
  phone: icon(
    svg`<path d="M6 4h3l1.5 4.5-2 1.5a11 11 0 0 0 5.5 5.5l1.5-2L20 15v3a2 2 0 0 1-2.2 2A15 15 0 0 1 4 6.2 2 2 0 0 1 6 4Z" />`,
  ),
  send: icon(svg`<path d="M5 12 4 4.5 20.5 12 4 19.5 5 12Zm0 0h7" />`),
};
