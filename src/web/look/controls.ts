// How buttons, fields and words look in each component of the console's pages.

import { css } from "lit";

export const controls = css`
  *,
  ::before,
  ::after {
    box-sizing: border-box;
  }
  :host([hidden]),
  [hidden] {
    display: none !important;
  }
  h1,
  h2,
  h3,
  p {
    margin: 0;
  }
  h2 {
    font-size: 14px;
    font-weight: 650;
    letter-spacing: -0.005em;
  }
  h3 {
    font-size: 12.5px;
    font-weight: 650;
  }
  .muted {
    color: var(--muted);
  }
  .small {
    font-size: 12.5px;
  }
  a {
    color: var(--accent);
    text-underline-offset: 2px;
  }
  svg {
    display: block;
    flex: none;
    inline-size: 16px;
    block-size: 16px;
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  button,
  .button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 6px;
    min-block-size: 32px;
    margin: 0;
    padding: 4px 11px;
    border: 1px solid var(--line);
    border-radius: 8px;
    background: var(--surface);
    color: var(--text);
    font: inherit;
    font-size: 13px;
    font-weight: 550;
    line-height: 1.2;
    text-decoration: none;
    cursor: pointer;
    touch-action: manipulation;
    -webkit-tap-highlight-color: transparent;
  }
  button:hover,
  .button:hover {
    background: var(--raised);
    border-color: var(--edge);
  }
  button.main {
    border-color: var(--accent);
    background: var(--accent);
    color: var(--on-accent);
  }
  button.main:hover {
    background: color-mix(in srgb, var(--accent) 88%, var(--text));
  }
  button.danger {
    color: var(--bad);
  }
  button.bare,
  .button.bare {
    border-color: transparent;
    background: none;
  }
  button.bare:hover,
  .button.bare:hover {
    background: var(--raised);
  }
  button[aria-pressed="true"] {
    border-color: var(--accent);
    background: var(--tint);
    color: var(--accent);
  }
  button:disabled,
  button:disabled:hover {
    border-color: transparent;
    background: var(--raised);
    color: var(--muted);
    opacity: 0.65;
    cursor: default;
  }
  input,
  select,
  textarea {
    inline-size: 100%;
    min-inline-size: 0;
    min-block-size: 32px;
    margin: 0;
    padding: 5px 9px;
    border: 1px solid var(--edge);
    border-radius: 8px;
    background: var(--surface);
    color: var(--text);
    font: inherit;
    font-size: 13px;
  }
  input:focus-visible,
  select:focus-visible,
  textarea:focus-visible {
    outline-offset: 0;
  }
  input[type="checkbox"] {
    inline-size: 16px;
    min-block-size: 16px;
    block-size: 16px;
    margin: 0;
    accent-color: var(--accent);
  }
  ::placeholder {
    color: var(--muted);
    opacity: 1;
  }
  label {
    font-size: 12.5px;
    font-weight: 550;
  }
  .unseen {
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  .notice {
    display: flex;
    align-items: flex-start;
    gap: 8px;
    padding: 8px 10px;
    border-radius: 8px;
    background: var(--raised);
    font-size: 13px;
    overflow-wrap: anywhere;
  }
  .notice > svg {
    margin-block-start: 2px;
  }
  .notice.bad {
    background: var(--bad-tint);
    color: var(--bad);
  }
  .notice.good {
    background: var(--good-tint);
    color: var(--good);
  }
  .notice.warn {
    background: var(--warn-tint);
    color: var(--warn);
  }
  .badge {
    display: inline-flex;
    align-items: center;
    gap: 5px;
    padding: 1px 8px;
    border-radius: 99px;
    background: var(--raised);
    color: var(--muted);
    font-size: 12px;
    font-weight: 550;
    white-space: nowrap;
  }
  .badge.good {
    background: var(--good-tint);
    color: var(--good);
  }
  .badge.bad {
    background: var(--bad-tint);
    color: var(--bad);
  }
  .badge.warn {
    background: var(--warn-tint);
    color: var(--warn);
  }
  .badge.accent {
    background: var(--tint);
    color: var(--accent);
  }
  pre {
    margin: 0;
    padding: 10px 12px;
    border: 1px solid var(--line);
    border-radius: 8px;
    background: var(--ground);
    font: 12px/1.55 var(--code);
    tab-size: 2;
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }
  code {
    font: 0.94em var(--code);
    overflow-wrap: anywhere;
  }
  .of-name {
    color: var(--accent);
  }
  .of-text {
    color: var(--good);
  }
  .of-value {
    color: var(--lane-rest);
  }
  @media (prefers-reduced-motion: no-preference) {
    button,
    .button {
      transition:
        background 0.12s,
        border-color 0.12s;
    }
  }
`;
