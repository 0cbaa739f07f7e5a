// How the agent's desk looks.

import { css } from "lit";

export const deskStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    min-block-size: 0;
  }
  header {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    gap: 2px 8px;
    align-items: center;
    min-block-size: 53px;
    padding: 7px 14px;
    border-block-end: 1px solid var(--line);
  }
  header .badge {
    justify-self: start;
  }
  header button {
    grid-area: 1 / 2 / 3 / 3;
  }
  .conversations {
    flex: none;
    max-block-size: 30%;
    margin: 0;
    padding: 6px;
    border-block-end: 1px solid var(--line);
    overflow-y: auto;
    list-style: none;
    scrollbar-width: thin;
  }
  .conversations button {
    justify-content: space-between;
    inline-size: 100%;
    padding-inline: 8px;
    border-color: transparent;
    font-weight: 500;
    text-align: start;
  }
  .conversations button[aria-current="true"] {
    background: var(--tint);
  }
  .conversations button > :first-child {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .empty {
    flex: 1;
    display: grid;
    place-content: center;
    gap: 4px;
    padding: 24px;
    color: var(--muted);
    text-align: center;
  }
  iframe {
    flex: 1;
    inline-size: 100%;
    min-block-size: 80px;
    border: 0;
    border-block-end: 1px solid var(--line);
  }
  .flow {
    flex: 1;
    display: flex;
    flex-direction: column;
    gap: 6px;
    min-block-size: 80px;
    padding: 12px 14px;
    overflow-y: auto;
    scrollbar-width: thin;
  }
  .flow:focus-visible {
    outline-offset: -2px;
  }
  .message {
    align-self: flex-start;
    max-inline-size: 88%;
    padding: 6px 10px;
    border-radius: 10px 10px 10px 3px;
    background: var(--raised);
    font-size: 13px;
    overflow-wrap: anywhere;
  }
  .message .text {
    white-space: pre-wrap;
  }
  .message.ours {
    align-self: flex-end;
    border-radius: 10px 10px 3px;
    background: var(--tint);
  }
  .message .who {
    display: block;
    color: var(--muted);
    font-size: 11.5px;
  }
  .message .badge {
    margin-block-start: 3px;
    background: var(--surface);
  }
  .acts {
    flex: none;
    display: grid;
    gap: 8px;
    padding: 10px 14px 14px;
    border-block-start: 1px solid var(--line);
  }
  .line {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 6px;
  }
  .line > select {
    flex: 1 1 110px;
    inline-size: auto;
  }
  .line > button {
    flex: 1 1 auto;
    padding-inline: 6px;
    font-size: 12.5px;
  }
  .words {
    display: flex;
    gap: 6px;
  }
  .words textarea {
    min-block-size: 40px;
    max-block-size: 110px;
    resize: none;
    field-sizing: content;
  }
  .words button {
    align-self: flex-end;
    min-block-size: 40px;
  }
`;
