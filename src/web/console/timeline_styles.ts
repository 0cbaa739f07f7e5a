// How the timeline looks. Each lane is a column of its own, from the customer's side to Genesys'.

import { css } from "lit";

/** The height of a row, in pixels. */
export const ROW_HEIGHT = 44;

/** However high the screen is, no more rows than these are seen: they bound what is in the page. */
const MOST_ROWS = 56;

export const timelineStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    min-block-size: 0;
    container-type: inline-size;
  }
  .bar {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px;
    padding: 10px 14px;
    border-block-end: 1px solid var(--line);
  }
  .bar .space {
    flex: 1;
  }
  .bar select {
    inline-size: auto;
    max-inline-size: 132px;
  }
  .heads,
  .row {
    --lane-width: 88px;
    --columns: 88px calc(4 * var(--lane-width)) minmax(0, 1fr) auto;
  }
  .heads {
    display: grid;
    grid-template-columns: var(--columns);
    gap: 0 12px;
    align-items: center;
    padding: 6px 14px;
    border-block-end: 1px solid var(--line);
    color: var(--muted);
    font-size: 12px;
  }
  .lanes {
    display: grid;
    grid-template-columns: repeat(4, var(--lane-width));
  }
  .lanes button {
    justify-self: center;
    min-block-size: 24px;
    max-inline-size: calc(var(--lane-width) - 4px);
    padding: 2px 6px;
    border-color: transparent;
    background: none;
    color: var(--lane);
    font-size: 11px;
    font-weight: 650;
    letter-spacing: -0.01em;
    overflow: hidden;
  }
  .lanes button[aria-pressed="false"] {
    color: var(--muted);
    font-weight: 450;
    text-decoration: line-through;
  }
  .lanes .short {
    display: none;
  }
  .rows {
    position: relative;
    flex: 1;
    min-block-size: 0;
    max-block-size: ${MOST_ROWS * ROW_HEIGHT}px;
    contain: strict;
    overflow-y: auto;
    overflow-anchor: none;
    scrollbar-width: thin;
    scrollbar-color: var(--edge) transparent;
  }
  .rows:focus-visible {
    outline-offset: -2px;
  }
  .whole {
    position: relative;
  }
  .seen {
    position: absolute;
    inset-inline: 0;
    inset-block-start: 0;
  }
  .row {
    display: grid;
    grid-template: ${ROW_HEIGHT / 2}px ${ROW_HEIGHT / 2}px / var(--columns);
    gap: 0 12px;
    align-items: center;
    block-size: ${ROW_HEIGHT}px;
    contain: strict;
    padding-inline: 14px;
    border-block-end: 1px solid color-mix(in srgb, var(--line) 55%, transparent);
    cursor: pointer;
  }
  .row > *,
  .row::after {
    min-inline-size: 0;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .row:hover {
    background: var(--raised);
  }
  .row[aria-selected="true"] {
    background: var(--tint);
    box-shadow: inset 3px 0 var(--accent);
  }
  .row::after {
    content: attr(data-time);
    grid-area: 1 / 1 / 3 / 2;
    color: var(--muted);
    font: 11.5px var(--code);
  }
  .row::before {
    content: attr(data-points) / "";
    grid-area: 1 / 2 / 3 / 3;
    inline-size: calc(var(--lane-width) - 14px);
    margin-inline-start: calc(var(--place) * var(--lane-width) + 7px);
    border-radius: 99px;
    background: color-mix(in srgb, var(--lane) 16%, transparent);
    color: var(--lane);
    font-size: 15px;
    font-weight: 700;
    line-height: 24px;
    text-align: center;
  }
  .what {
    grid-area: 1 / 3;
    align-self: end;
    font-size: 13px;
    font-weight: 550;
    line-height: 20px;
  }
  .summary {
    grid-area: 2 / 3;
    align-self: start;
    color: var(--muted);
    font-size: 12.5px;
    line-height: 18px;
  }
  .single .what {
    grid-row: 1 / 3;
    align-self: center;
  }
  .rest .what {
    font-size: 12.5px;
    letter-spacing: -0.01em;
  }
  .outcome {
    grid-area: 1 / 4 / 3 / 5;
    display: grid;
    grid-template-rows: ${ROW_HEIGHT / 2}px ${ROW_HEIGHT / 2}px;
    align-items: end;
    justify-items: end;
    color: var(--muted);
    font-size: 12px;
    font-weight: 550;
    line-height: 20px;
  }
  .outcome::after {
    content: attr(data-delay);
    grid-row: 2;
    align-self: start;
    color: var(--muted);
    font: 11px/18px var(--code);
  }
  .waiting .outcome {
    color: var(--warn);
  }
  .fault {
    background: color-mix(in srgb, var(--warn-tint) 60%, transparent);
  }
  .fault .what,
  .fault .outcome,
  .fault::before {
    color: var(--warn);
  }
  .fault::before {
    background: var(--warn-tint);
  }
  .bad {
    background: color-mix(in srgb, var(--bad-tint) 60%, transparent);
  }
  .bad .what,
  .bad .outcome {
    color: var(--bad);
  }
  .bad::before {
    background: var(--bad-tint);
    color: var(--bad);
  }
  .chat {
    --lane: var(--lane-chat);
    --place: 0;
  }
  .rest {
    --lane: var(--lane-rest);
    --place: 1;
  }
  .webhook {
    --lane: var(--lane-webhook);
    --place: 2;
  }
  .notification {
    --lane: var(--lane-notification);
    --place: 3;
  }
  .empty {
    flex: 1;
    display: grid;
    place-content: center;
    gap: 4px;
    padding: 32px;
    color: var(--muted);
    text-align: center;
  }
  .empty p {
    max-inline-size: 42ch;
  }
  @container (max-width: 840px) {
    .heads,
    .row {
      --lane-width: 46px;
      gap: 0 10px;
    }
    .lanes .long {
      display: none;
    }
    .lanes .short {
      display: inline;
    }
  }
  @container (max-width: 560px) {
    .bar {
      padding-inline: 10px;
    }
    .heads,
    .row {
      --lane-width: 30px;
      --columns: calc(4 * var(--lane-width)) minmax(0, 1fr) auto;
      padding-inline: 10px;
    }
    .lanes button {
      max-inline-size: none;
      padding-inline: 0;
      font-size: 9.5px;
    }
    .row::before {
      grid-column: 1;
      inline-size: calc(var(--lane-width) - 3px);
      margin-inline-start: calc(var(--place) * var(--lane-width) + 1px);
    }
    .heads > .time,
    .row::after {
      display: none;
    }
    .what,
    .summary {
      grid-column: 2;
    }
    .outcome {
      grid-column: 3;
    }
  }
  @media (forced-colors: active) {
    .row[aria-selected="true"] {
      outline: 2px solid Highlight;
      outline-offset: -2px;
    }
  }
  @media (prefers-reduced-motion: no-preference) {
    .fresh {
      animation: arrive 0.9s ease-out;
    }
    @keyframes arrive {
      from {
        background-color: var(--tint);
      }
    }
  }
`;
