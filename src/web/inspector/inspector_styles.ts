// How the inspector looks.

import { css } from "lit";

export const inspectorStyles = css`
  :host {
    display: block;
    min-block-size: 100dvh;
  }
  main {
    display: grid;
    grid-template: auto auto 1fr / minmax(0, 1fr) minmax(0, 1fr);
    gap: 16px;
    align-items: start;
    max-inline-size: 1440px;
    margin-inline: auto;
    padding: 16px;
  }
  main > section {
    display: grid;
    gap: 14px;
    min-inline-size: 0;
    padding: 16px;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
  }
  main > p {
    grid-column: 1 / -1;
  }
  main > .found {
    grid-area: 2 / 2 / 4 / 3;
  }
  .field {
    display: grid;
    gap: 5px;
    min-inline-size: 0;
  }
  .head {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: 6px 10px;
  }
  .drop {
    position: relative;
    border-radius: 8px;
  }
  .drop textarea {
    display: block;
    block-size: 190px;
    font: 12px/1.55 var(--code);
    overflow-wrap: anywhere;
    resize: vertical;
  }
  .drop.over {
    outline: 2px dashed var(--accent);
    outline-offset: 3px;
  }
  .code {
    font: 12.5px var(--code);
  }
  .together {
    display: flex;
    gap: 6px;
  }
  .examples {
    inline-size: auto;
    max-inline-size: 100%;
  }
  .verdict {
    display: grid;
    gap: 6px;
    padding: 14px 16px;
    border-radius: 8px;
    background: var(--raised);
    overflow-wrap: anywhere;
  }
  .verdict h2 {
    display: flex;
    align-items: center;
    gap: 8px;
    font-size: 17px;
  }
  .verdict svg {
    inline-size: 20px;
    block-size: 20px;
  }
  .verdict.good {
    background: var(--good-tint);
  }
  .verdict.bad {
    background: var(--bad-tint);
  }
  .verdict.warn {
    background: var(--warn-tint);
  }
  .good h2 {
    color: var(--good);
  }
  .bad h2 {
    color: var(--bad);
  }
  .warn h2 {
    color: var(--warn);
  }
  .tried,
  .list {
    display: grid;
    gap: 6px;
    margin: 0;
    padding: 0;
    list-style: none;
  }
  .tried li {
    display: flex;
    align-items: baseline;
    justify-content: space-between;
    gap: 12px;
    padding-block-end: 5px;
    border-block-end: 1px solid var(--line);
    font-size: 13px;
  }
  .group {
    display: grid;
    gap: 8px;
    min-inline-size: 0;
  }
  .event {
    display: grid;
    gap: 6px;
    min-inline-size: 0;
  }
  .event p {
    padding: 7px 11px;
    border-radius: 3px 12px 12px;
    background: var(--tint);
    overflow-wrap: anywhere;
    white-space: pre-wrap;
  }
  .name {
    font: 600 12.5px var(--code);
    overflow-wrap: anywhere;
  }
  details > summary {
    padding-block: 4px;
    color: var(--muted);
    font-size: 12.5px;
    cursor: pointer;
  }
  .alone {
    max-inline-size: 70ch;
    margin: 40px auto;
    padding: 16px;
  }
  @media (max-width: 900px) {
    main {
      grid-template: none / minmax(0, 1fr);
      gap: 10px;
      padding: 10px;
    }
    main > section {
      padding: 12px;
    }
    main > .found {
      grid-area: auto;
    }
  }
`;
