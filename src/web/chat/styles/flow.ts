// Messages, and what is said between them.

import { css } from "lit";

export const messages = css`
  .group {
    display: grid;
    grid-template-columns: 32px minmax(0, 1fr);
    gap: 0 8px;
  }
  .group.user {
    grid-template-columns: minmax(0, 1fr);
  }
  .column {
    display: flex;
    flex-direction: column;
    align-items: flex-start;
    gap: 3px;
    max-inline-size: min(100%, 34rem);
    padding-inline-end: 24px;
  }
  .user .column {
    align-items: flex-end;
    justify-self: end;
    padding-inline: 40px 0;
  }
  .name,
  .meta {
    color: var(--muted);
    font-size: 0.8em;
  }
  .name {
    padding-inline-start: 2px;
    font-weight: 600;
  }
  .meta {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0 6px;
    padding-inline: 2px;
  }
  .meta.failed {
    color: var(--danger);
  }
  .meta svg {
    inline-size: 16px;
    block-size: 16px;
  }
  .bubble {
    max-inline-size: 100%;
    padding: 9px 14px;
    border-radius: 18px;
    background: var(--bubble);
    overflow-wrap: anywhere;
    white-space: pre-wrap;
  }
  .user .bubble {
    background: var(--accent);
    color: var(--on-accent);
  }
  .column > :not(.user *) + .bubble {
    border-start-start-radius: 6px;
  }
  .user .bubble + .bubble {
    border-start-end-radius: 6px;
  }
  .bubble.failed {
    border: 1px solid var(--danger);
    background: var(--background);
    color: var(--text);
  }
  .picture,
  .card {
    display: block;
    max-inline-size: min(100%, 17rem);
    overflow: hidden;
    border: 1px solid var(--line);
    border-radius: 14px;
    background: var(--background);
    text-decoration: none;
  }
  .picture img,
  .card img {
    display: block;
    inline-size: 100%;
    max-block-size: 15rem;
    background: var(--bubble);
    object-fit: cover;
  }
  .broken > img,
  .picture:not(.broken) > .label {
    display: none;
  }
  .label {
    display: flex;
    align-items: center;
    justify-content: space-between;
    gap: 10px;
    min-block-size: 44px;
    padding: 8px 14px;
    overflow-wrap: anywhere;
  }
  .label svg {
    inline-size: 18px;
    block-size: 18px;
    color: var(--muted);
  }
  .label strong,
  .label span {
    display: block;
  }
  .label .action {
    color: var(--accent);
    font-weight: 600;
  }
  a.card:hover,
  a.picture:hover {
    border-color: var(--muted);
  }
  .notice {
    margin: 0 auto;
    max-inline-size: 30rem;
    color: var(--muted);
    font-size: 0.87em;
    overflow-wrap: anywhere;
    text-align: center;
    text-wrap: balance;
    white-space: pre-line;
  }
  .notice.error {
    color: var(--danger);
  }
  .queue {
    display: grid;
    gap: 2px;
    margin-block-start: 14px;
    padding: 12px 16px;
    border: 1px solid var(--line);
    border-radius: 14px;
    font-size: 0.93em;
    text-align: center;
  }
  .queue > :not(:first-child) {
    color: var(--muted);
  }
  .dots {
    display: inline-flex;
    gap: 5px;
    margin-block-start: 14px;
    margin-inline-start: 40px;
    padding: 13px 16px;
    border-radius: 18px;
    background: var(--bubble);
  }
  .dots i {
    inline-size: 7px;
    block-size: 7px;
    border-radius: 50%;
    background: var(--muted);
    animation: dot 1.2s infinite ease-in-out;
  }
  .dots i:nth-of-type(2) {
    animation-delay: 0.15s;
  }
  .dots i:nth-of-type(3) {
    animation-delay: 0.3s;
  }
  @keyframes dot {
    0%,
    60%,
    100% {
      opacity: 0.35;
    }
    30% {
      opacity: 1;
    }
  }
  .suggestions {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    justify-content: flex-end;
    margin-block-start: 14px;
  }
  .suggestions button {
    min-block-size: 44px;
    max-inline-size: 100%;
    padding: 8px 16px;
    border: 1px solid var(--accent);
    border-radius: 22px;
    color: var(--accent);
    font-weight: 500;
    overflow-wrap: anywhere;
    text-align: start;
  }
  .suggestions button:hover {
    background: color-mix(in srgb, var(--accent) 10%, var(--background));
  }
`;
