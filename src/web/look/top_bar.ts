// The bar at the top of each page.

import { type TemplateResult, css, html } from "lit";

import { icons } from "./icons.ts";

const PAGES = [
  { name: "Handoff", path: "/" },
  { name: "Inspector", path: "/inspector" },
] as const;

/** The bar of the page of this name, with what is to be known of it on the other side. */
export function topBar(
  name: (typeof PAGES)[number]["name"],
  facts: TemplateResult,
): TemplateResult {
  return html`<header class="top">
    <h1>${icons.baton}Baton<span class="page">${name.toLowerCase()}</span></h1>
    <nav aria-label="Pages">
      ${PAGES.map(
        (page) =>
          html`<a
            class="button bare"
            href=${page.path}
            aria-current=${page.name === name ? "page" : "false"}
            >${page.name}</a
          >`,
      )}
    </nav>
    <div class="facts">${facts}</div>
  </header>`;
}

export const topBarStyles = css`
  .top {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px 16px;
    padding: 8px 16px;
    border-block-end: 1px solid var(--line);
    background: var(--surface);
  }
  h1 {
    display: flex;
    align-items: center;
    gap: 8px;
    font-size: 15px;
    font-weight: 680;
  }
  h1 svg {
    inline-size: 20px;
    block-size: 20px;
    color: var(--accent);
  }
  .page {
    margin-inline-start: -4px;
    font-weight: 450;
  }
  nav {
    display: flex;
    gap: 2px;
  }
  nav a[aria-current="page"] {
    background: var(--raised);
  }
  .facts {
    display: flex;
    flex: 1;
    flex-wrap: wrap;
    align-items: center;
    justify-content: flex-end;
    gap: 6px;
  }
  @media (max-width: 480px) {
    .top {
      padding-inline: 10px;
    }
    .page {
      display: none;
    }
  }
`;
