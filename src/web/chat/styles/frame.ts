// The window: its colours, its shape, and what can be pressed in it. Light or dark follows the
// `color-scheme` of the page around it.

import { css } from "lit";

export const colours = css`
  :host {
    --accent: var(--baton-accent, light-dark(#2b5bd7, #86a8ff));
    --on-accent: var(--baton-on-accent, light-dark(#ffffff, #0c1430));
    --background: var(--baton-background, light-dark(#ffffff, #16181d));
    --bubble: var(--baton-bubble, light-dark(#f0f2f5, #262a32));
    --text: var(--baton-text, light-dark(#1b1e24, #eceef2));
    --muted: var(--baton-muted, light-dark(#596070, #a6adbb));
    --line: var(--baton-line, light-dark(#e1e4ea, #343945));
    --danger: var(--baton-danger, light-dark(#b3261e, #ff9a91));
    --warning-background: light-dark(#fff4d6, #3a3016);
    --warning-text: light-dark(#5c4300, #ffe3a1);
    --radius: var(--baton-radius, 16px);
    --font: var(--baton-font, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif);
    --font-size: var(--baton-font-size, 15px);
    --shadow: var(--baton-shadow, 0 1px 2px rgb(0 0 0 / 8%), 0 12px 40px rgb(0 0 0 / 18%));
  }
`;

export const layout = css`
  :host {
    display: block;
    block-size: 100%;
    min-block-size: 20rem;
    max-block-size: 100dvh;
    color: var(--text);
    font: var(--font-size) / 1.45 var(--font);
    text-align: start;
  }
  :host([hidden]) {
    display: none;
  }
  *,
  ::before,
  ::after {
    box-sizing: border-box;
  }
  .window {
    position: relative;
    display: flex;
    flex-direction: column;
    block-size: 100%;
    min-block-size: inherit;
    max-block-size: inherit;
    overflow: hidden;
    background: var(--background);
    border: 1px solid var(--line);
    border-radius: var(--radius);
  }
  .scroller {
    flex: 1;
    min-block-size: 0;
    padding: 16px;
    overflow-y: auto;
    overscroll-behavior: contain;
    scrollbar-width: thin;
    scrollbar-color: var(--line) transparent;
  }
  .flow {
    display: flex;
    flex-direction: column;
    gap: 14px;
  }
  .unseen {
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  svg {
    display: block;
    inline-size: 22px;
    block-size: 22px;
    flex: none;
  }
`;

export const controls = css`
  button {
    margin: 0;
    padding: 0;
    border: 0;
    background: none;
    color: inherit;
    font: inherit;
    cursor: pointer;
    -webkit-tap-highlight-color: transparent;
    touch-action: manipulation;
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  .scroller:focus-visible {
    outline-offset: -3px;
  }
  a {
    color: inherit;
    text-underline-offset: 2px;
  }
  .icon {
    display: grid;
    place-items: center;
    flex: none;
    inline-size: 44px;
    block-size: 44px;
    border-radius: 50%;
    color: var(--muted);
  }
  .icon:hover {
    background: var(--bubble);
    color: var(--text);
  }
  .plain {
    min-block-size: 44px;
    padding: 0 18px;
    border: 1px solid var(--line);
    border-radius: 22px;
    font-weight: 600;
  }
  .plain:hover {
    background: var(--bubble);
  }
  .main {
    border-color: var(--accent);
    background: var(--accent);
    color: var(--on-accent);
  }
  .main:hover {
    background: color-mix(in srgb, var(--accent) 88%, var(--text));
  }
  .word {
    min-block-size: 24px;
    padding: 2px 4px;
    border-radius: 4px;
    font-weight: 600;
    text-decoration: underline;
    text-underline-offset: 2px;
  }
`;

/** What the visitor's system asks for comes last. */
export const wishes = css`
  @media (prefers-reduced-motion: reduce) {
    *,
    ::before,
    ::after {
      animation: none !important;
      scroll-behavior: auto !important;
    }
  }
  @media (forced-colors: active) {
    .bubble,
    .launcher,
    .send {
      border: 1px solid;
    }
  }
`;
