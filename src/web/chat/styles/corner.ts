// The window in the corner of the page, and the button that opens it.

import { css } from "lit";

export const floating = css`
  :host([floating]) {
    position: fixed;
    z-index: var(--baton-z-index, 2147483000);
    inset-block-end: 20px;
    inset-inline-end: 20px;
    inline-size: auto;
    block-size: auto;
    min-block-size: 0;
    max-block-size: none;
  }
  .launcher {
    position: relative;
    display: grid;
    place-items: center;
    inline-size: 56px;
    block-size: 56px;
    margin-inline-start: auto;
    border-radius: 50%;
    background: var(--accent);
    box-shadow: var(--shadow);
    color: var(--on-accent);
  }
  .launcher svg {
    inline-size: 26px;
    block-size: 26px;
  }
  .count {
    position: absolute;
    inset-block-start: -2px;
    inset-inline-end: -2px;
    min-inline-size: 22px;
    padding-inline: 5px;
    border: 2px solid var(--background);
    border-radius: 12px;
    background: var(--danger);
    color: var(--background);
    font-size: 12px;
    font-weight: 700;
    line-height: 18px;
    text-align: center;
  }
  :host([floating]) .window {
    inline-size: min(var(--baton-width, 380px), calc(100vw - 40px));
    block-size: min(var(--baton-height, 560px), calc(100dvh - 112px));
    max-block-size: none;
    margin-block-end: 12px;
    box-shadow: var(--shadow);
    animation: rise 0.16s ease-out;
  }
  @keyframes rise {
    from {
      opacity: 0;
      transform: translateY(8px);
    }
  }
  @media (max-width: 479px) {
    :host([floating][open]) {
      inset: 0;
    }
    :host([floating]) .window {
      inline-size: 100%;
      block-size: 100dvh;
      margin: 0;
      border: 0;
      border-radius: 0;
    }
    :host([floating][open]) .launcher {
      display: none;
    }
  }
`;
