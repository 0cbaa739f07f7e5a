// What stands above and below the flow.

import { css } from "lit";

export const head = css`
  header {
    display: flex;
    align-items: center;
    gap: 10px;
    padding: 8px 8px 8px 16px;
    border-block-end: 1px solid var(--line);
  }
  .who {
    flex: 1;
    min-inline-size: 0;
  }
  .who > * {
    margin: 0;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  h2 {
    font-size: 1.05em;
    font-weight: 650;
    line-height: 1.3;
  }
  .role {
    color: var(--muted);
    font-size: 0.85em;
  }
  .face {
    position: relative;
    display: grid;
    place-items: center;
    flex: none;
    inline-size: 32px;
    block-size: 32px;
    overflow: hidden;
    border-radius: 50%;
    background: var(--bubble);
    color: var(--muted);
    font-size: 13px;
    font-weight: 650;
  }
  header .face {
    inline-size: 38px;
    block-size: 38px;
  }
  .face svg {
    inline-size: 62%;
    block-size: 62%;
  }
  .face img {
    position: absolute;
    inset: 0;
    inline-size: 100%;
    block-size: 100%;
    background: var(--bubble);
    object-fit: cover;
  }
  .banner:not(:empty) {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px 10px;
    padding: 8px 16px;
    background: var(--warning-background);
    color: var(--warning-text);
    font-size: 0.9em;
  }
`;

export const foot = css`
  .newest {
    position: absolute;
    inset-block-end: 76px;
    inset-inline: 0;
    display: flex;
    justify-content: center;
    pointer-events: none;
  }
  .newest button {
    display: flex;
    align-items: center;
    gap: 4px;
    min-block-size: 36px;
    padding: 0 14px 0 10px;
    border-radius: 18px;
    background: var(--text);
    color: var(--background);
    font-size: 0.87em;
    font-weight: 600;
    pointer-events: auto;
  }
  .newest svg {
    inline-size: 18px;
    block-size: 18px;
  }
  footer {
    padding: 10px 10px max(10px, env(safe-area-inset-bottom));
    border-block-start: 1px solid var(--line);
  }
  form {
    display: flex;
    align-items: flex-end;
    gap: 8px;
  }
  textarea {
    flex: 1;
    min-inline-size: 0;
    min-block-size: 44px;
    max-block-size: 9em;
    margin: 0;
    padding: 10px 16px;
    border: 1px solid color-mix(in srgb, var(--text) 52%, var(--background));
    border-radius: 22px;
    background: none;
    color: inherit;
    font: inherit;
    /* Smaller text makes a phone zoom in. */
    font-size: max(16px, var(--font-size));
    line-height: 22px;
    resize: none;
    scrollbar-width: none;
  }
  textarea:focus-visible {
    border-color: var(--accent);
    outline: 1px solid var(--accent);
    outline-offset: 0;
  }
  textarea::placeholder {
    color: var(--muted);
    opacity: 1;
  }
  .send {
    background: var(--accent);
    color: var(--on-accent);
  }
  .send:hover {
    background: color-mix(in srgb, var(--accent) 88%, var(--text));
    color: var(--on-accent);
  }
  .send[aria-disabled="true"] {
    background: var(--bubble);
    color: var(--muted);
    cursor: default;
  }
  .wrong {
    margin: 0 0 6px;
    color: var(--danger);
    font-size: 0.87em;
  }
  .choice {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: center;
    gap: 8px;
  }
  .choice p {
    flex-basis: 100%;
    margin: 4px 0 0;
    text-align: center;
  }
`;
