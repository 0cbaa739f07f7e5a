// How the three places of the handoff page are laid out.

import { css } from "lit";

export const pageStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    block-size: 100dvh;
    overflow: hidden;
  }
  .faults {
    padding: 5px 14px;
    background: var(--warn-tint);
    color: var(--warn);
    font-size: 12.5px;
  }
  .dot {
    inline-size: 7px;
    block-size: 7px;
    border-radius: 50%;
    background: currentColor;
  }
  .tabs {
    display: none;
  }
  main {
    position: relative;
    flex: 1;
    display: grid;
    grid-template: minmax(0, 1fr) / minmax(300px, 0.62fr) minmax(440px, 1.5fr) minmax(330px, 0.7fr);
    gap: 12px;
    min-block-size: 0;
    padding: 12px;
  }
  main > section,
  main > aside {
    display: flex;
    flex-direction: column;
    min-inline-size: 0;
    min-block-size: 0;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
    overflow: hidden;
  }
  main > section.customer {
    border: 0;
    background: none;
  }
  main > section > :not(.notice) {
    flex: 1;
    min-block-size: 0;
  }
  baton-chat {
    --baton-radius: var(--radius);
    --baton-background: var(--surface);
    --baton-font-size: 14px;
  }
  main > .agent,
  main > aside {
    grid-area: 1 / 3;
  }
  main > aside {
    z-index: 1;
  }
  main.reading {
    grid-template-columns: minmax(280px, 0.5fr) minmax(420px, 1fr) minmax(400px, 0.85fr);
  }
  aside > entry-panel {
    flex: 1;
  }
  main.alone {
    display: block;
    inline-size: min(100%, 64ch);
    margin-inline: auto;
    padding: 32px 16px;
  }
  .alone .notice {
    padding: 14px 16px;
    font-size: 14px;
  }
  @media (max-width: 1159px) {
    main,
    main.reading {
      grid-template: auto minmax(0, 1fr) / minmax(0, 1fr);
      gap: 8px;
      padding: 0 8px 8px;
    }
    main > section,
    main > .agent,
    main > aside {
      grid-area: 2 / 1;
    }
    main > section.away {
      display: none;
    }
    .tabs {
      grid-area: 1 / 1;
      display: flex;
      gap: 2px;
      margin-inline: -8px;
      padding: 4px 8px 0;
      border-block-end: 1px solid var(--line);
      background: var(--surface);
    }
    .tabs button {
      flex: 1;
      min-block-size: 40px;
      border: 0;
      border-block-end: 2px solid transparent;
      border-radius: 8px 8px 0 0;
      background: none;
      color: var(--muted);
    }
    .tabs button[aria-selected="true"] {
      border-color: var(--accent);
      color: var(--text);
    }
    .optional {
      display: none;
    }
  }
`;
