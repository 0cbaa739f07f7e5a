// The icons, drawn here: nothing is fetched for them. They say nothing that is not said beside them.

import { type TemplateResult, html, svg } from "lit";

function icon(paths: TemplateResult): TemplateResult {
  return html`<svg
    viewBox="0 0 24 24"
    fill="none"
    stroke="currentColor"
    stroke-width="1.9"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    ${paths}
  </svg>`;
}

export const icons = {
  baton: icon(
    svg`<path d="M4.5 19.5 9 15M15 9l4.5-4.5M9 15l6-6" /><circle cx="9" cy="15" r="2.4" /><circle cx="15" cy="9" r="2.4" />`,
  ),
  close: icon(svg`<path d="M18 6 6 18M6 6l12 12" />`),
  copy: icon(
    svg`<rect x="9" y="9" width="11" height="11" rx="2" /><path d="M5 15V6a2 2 0 0 1 2-2h8" />`,
  ),
  down: icon(svg`<path d="m6 9 6 6 6-6" />`),
  good: icon(svg`<path d="m5 12.5 4.5 4.5L19 7.5" />`),
  bad: icon(svg`<circle cx="12" cy="12" r="9" /><path d="M12 7.5v5.5M12 16.4v.1" />`),
  fault: icon(svg`<path d="M13 3 5 13.5h6L11 21l8-10.5h-6L13 3Z" />`),
  inspect: icon(svg`<circle cx="11" cy="11" r="6.5" /><path d="m16 16 4.5 4.5" />`),
  pause: icon(svg`<path d="M8.5 5.5v13M15.5 5.5v13" />`),
  lock: icon(
    svg`<rect x="5" y="10.5" width="14" height="9.5" rx="2" /><path d="M8 10.5V8a4 4 0 0 1 8 0v2.5" />`,
  ),
  file: icon(svg`<path d="M6 3.5h8l4 4v13H6v-17ZM14 3.5v4h4" />`),
};
