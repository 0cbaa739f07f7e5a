// <fault-panel>: the faults that can be switched on.

import { LitElement, type TemplateResult, css, html, nothing } from "lit";

import { controls } from "../look/controls.ts";
import { icons } from "../look/icons.ts";
import type { Api } from "./api.ts";
import { type Active, FAULTS, type Fault, type Strike, activeIn, planOf } from "./faults.ts";

/** Whom a webhook is for while there is no customer yet. */
const NOBODY = "nobody-in-particular";

const styles = css`
  :host {
    display: block;
    border-block-end: 1px solid var(--line);
    background: var(--ground);
  }
  ul {
    display: grid;
    gap: 1px;
    max-block-size: 42dvh;
    margin: 0;
    padding: 0;
    overflow-y: auto;
    list-style: none;
    scrollbar-width: thin;
  }
  li {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    gap: 2px 14px;
    align-items: center;
    padding: 8px 14px;
  }
  li.on {
    background: var(--warn-tint);
  }
  li p {
    color: var(--muted);
    font-size: 12.5px;
    line-height: 1.4;
  }
  li.on p {
    color: var(--text);
  }
  button {
    grid-row: 1 / 3;
    grid-column: 2;
    min-inline-size: 104px;
  }
  .said {
    margin: 0 14px 10px;
  }
`;

/** The element. It tells how many faults are on by `faults-active`. */
export class FaultPanel extends LitElement {
  static override styles = [controls, styles];
  static override properties = { api: { attribute: false }, endUser: { attribute: false } };

  declare api: Api | undefined;
  /** The customer whom a strike is about. */
  declare endUser: string | undefined;

  #active: readonly Active[] = [];
  #said: { readonly text: string; readonly isBad: boolean } | undefined;

  /** Asks which faults are on. */
  async refresh(): Promise<void> {
    await this.#attempt(async (api) => this.#show(await api.genesys("GET", "faults")));
  }

  protected override render(): TemplateResult {
    return html`<ul role="list" aria-label="Faults">
        ${FAULTS.map((fault) => this.#fault(fault))}
      </ul>
      <div role="status">
        ${this.#said ? html`<p class="notice said ${this.#said.isBad ? "bad" : ""}">${this.#said.text}</p>` : nothing}
      </div>`;
  }

  #fault(fault: Fault): TemplateResult {
    const { id, name, watch, how } = fault;
    const active = this.#active.find((one) => one.fault === fault);
    const count =
      active && active.struck > 0
        ? html` <span class="badge warn">struck ${active.struck}×</span>`
        : nothing;
    return html`<li class=${active ? "on" : ""}>
      <h3 id="name-${id}">${name}${count}</h3>
      <p id="watch-${id}">${watch}</p>
      ${
        how.kind === "strike"
          ? html`<button
              type="button"
              aria-describedby="name-${id} watch-${id}"
              @click=${() => this.#strike(how)}
            >
              ${icons.fault}${how.verb}
            </button>`
          : html`<button
              type="button"
              role="switch"
              aria-checked=${active !== undefined}
              aria-labelledby="name-${id}"
              aria-describedby="watch-${id}"
              @click=${() => this.#toggle(id)}
            >
              ${active ? "On: switch off" : "Switch on"}
            </button>`
      }
    </li>`;
  }

  async #strike(strike: Strike): Promise<void> {
    await this.#attempt(async (api) => {
      const answer = (await api.genesys(
        "POST",
        strike.path,
        strike.order(this.endUser ?? NOBODY),
      )) as { struck?: unknown };
      this.#said = {
        text: answer.struck === 0 ? "There was nothing to strike." : "Done. Look at the timeline.",
        isBad: false,
      };
    });
  }

  async #toggle(id: string): Promise<void> {
    const wanted = new Set(this.#active.map(({ fault }) => fault.id));
    if (!wanted.delete(id)) wanted.add(id);
    await this.#attempt(async (api) => {
      this.#show(await api.genesys("PUT", "faults", planOf(wanted)));
      this.#said = undefined;
    });
  }

  #show(plan: unknown): void {
    this.#active = activeIn(plan);
    this.dispatchEvent(
      new CustomEvent("faults-active", { detail: this.#active.map(({ fault }) => fault.name) }),
    );
  }

  async #attempt(act: (api: Api) => Promise<void>): Promise<void> {
    if (this.api === undefined) return;
    try {
      await act(this.api);
    } catch (error) {
      this.#said = { text: (error as Error).message, isBad: true };
    }
    this.requestUpdate();
  }
}

customElements.define("fault-panel", FaultPanel);

declare global {
  interface HTMLElementTagNameMap {
    "fault-panel": FaultPanel;
  }
}
