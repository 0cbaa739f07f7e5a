// <webhook-inspector>: says whether a webhook's signature holds, if not why, and what the webhook becomes.

import { LitElement, type TemplateResult, html, nothing } from "lit";

import { controls } from "../look/controls.ts";
import { icons } from "../look/icons.ts";
import { laidOut, laidOutText } from "../look/json_text.ts";
import { copyButton, payload } from "../look/payload.ts";
import { topBar, topBarStyles } from "../look/top_bar.ts";
import { EXAMPLES } from "./examples.ts";
import { type Becomes, type ChatEvent, type Findings, type Verdict, findings } from "./findings.ts";
import type { Handover } from "./handover.ts";
import { inspectorStyles } from "./inspector_styles.ts";
import { EMPTY, MOST_BYTES, type WebhookBody, ofBytes, ofText, remark } from "./webhook_body.ts";

/** The core, as it runs in this page. */
export type Core = Pick<typeof import("@baton/edge"), "inspect" | "sign">;

/** What is said of the body while there is none. */
const NO_BODY = "A dropped file keeps every byte. Pasted text may lose its last line break.";

/** What is said of the chat events where there are none. */
const NO_EVENTS = html`<p class="small muted">None: the customer sees nothing of this webhook.</p>`;

/** The element. */
export class WebhookInspector extends LitElement {
  static override styles = [controls, topBarStyles, inspectorStyles];
  static override properties = { core: { attribute: false } };

  declare core: Core | undefined;

  #body: WebhookBody = EMPTY;
  #signature = "";
  #secret = "";
  #isSecretShown = false;
  #isOver = false;
  #problem = "";

  /** Takes what was handed over by the timeline. */
  fill({ body, signature, secret }: Handover): void {
    this.#take(ofText(body, { kind: "handed_over" }), signature, secret);
  }

  protected override render(): TemplateResult {
    const private_ = html`<span class="badge good">${icons.lock}Nothing leaves this page</span>`;
    const found =
      this.core &&
      findings(
        { bytes: this.#body.bytes, signature: this.#signature, secret: this.#secret },
        this.core.inspect,
      );
    return html`${topBar("Inspector", private_)}
      <main>
        <p class="small muted">
          Put in a webhook as it came in. The edge’s own code checks and translates it here, in this
          page: nothing you put in leaves the browser or is stored, and the page asks nothing of
          anybody once it has loaded.
        </p>
        <section aria-label="The webhook">
          ${this.#examples()}${this.#bodyField()}${this.#headerField()}${this.#secretField()}
        </section>
        <section class="found" aria-label="What is found">
          ${this.core === undefined ? html`<p class="muted">Loading the edge’s code.</p>` : this.#findings(found)}
        </section>
        ${this.#laidOut()}
      </main>`;
  }

  #examples(): TemplateResult {
    return html`<div class="head">
      <select
        class="examples"
        aria-label="Load an example"
        ?disabled=${this.core === undefined}
        @change=${this.#loadExample}
      >
        <option value="">Load an example…</option>
        ${EXAMPLES.map(({ name }, place) => html`<option value=${place}>${name}</option>`)}
      </select>
      <button type="button" class="bare" @click=${this.#clear}>Clear</button>
    </div>`;
  }

  #bodyField(): TemplateResult {
    return html`<div class="field">
      <div class="head">
        <label for="body">Body</label>
        <button type="button" class="bare" @click=${this.#chooseFile}>
          ${icons.file}Choose a file
        </button>
        <input
          id="file"
          type="file"
          aria-label="A file with the body"
          hidden
          @change=${this.#fileChosen}
        />
      </div>
      <div
        class="drop ${this.#isOver ? "over" : ""}"
        @dragover=${this.#dragOver}
        @dragleave=${this.#dragLeave}
        @drop=${this.#drop}
      >
        <textarea
          id="body"
          spellcheck="false"
          autocomplete="off"
          translate="no"
          aria-describedby="remark"
          placeholder="Paste the raw body, or drop a file"
          .value=${this.#body.text}
          @input=${this.#typed}
          @paste=${this.#pasted}
        ></textarea>
      </div>
      <p id="remark" class="small muted">
        ${this.#body.bytes.length > 0 ? remark(this.#body) : NO_BODY}
      </p>
      <div role="alert">
        ${this.#problem ? html`<p class="notice bad">${icons.bad}${this.#problem}</p>` : nothing}
      </div>
    </div>`;
  }

  #headerField(): TemplateResult {
    return html`<div class="field">
      <label for="signature">X-Hub-Signature-256</label>
      <input
        id="signature"
        class="code"
        spellcheck="false"
        autocomplete="off"
        placeholder="sha256=…"
        .value=${this.#signature}
        @input=${({ target }: Event) => this.#changed(() => (this.#signature = (target as HTMLInputElement).value))}
      />
    </div>`;
  }

  #secretField(): TemplateResult {
    return html`<div class="field">
      <label for="secret">Secret of the integration</label>
      <div class="together">
        <input
          id="secret"
          class="code"
          type=${this.#isSecretShown ? "text" : "password"}
          spellcheck="false"
          autocomplete="off"
          data-1p-ignore
          data-lpignore="true"
          .value=${this.#secret}
          aria-describedby="kept"
          @input=${({ target }: Event) => this.#changed(() => (this.#secret = (target as HTMLInputElement).value))}
        />
        <button
          type="button"
          aria-pressed=${this.#isSecretShown}
          @click=${() => this.#changed(() => (this.#isSecretShown = !this.#isSecretShown))}
        >
          Show<span class="unseen"> the secret</span>
        </button>
      </div>
      <p id="kept" class="small muted">It is never stored, and gone when you leave the page.</p>
    </div>`;
  }

  #laidOut(): TemplateResult | typeof nothing {
    if (this.#body.text === "") return nothing;
    return html`<section aria-labelledby="laid-out">
      <h2 id="laid-out">The payload, laid out</h2>
      ${payload(laidOutText(this.#body.text), "The payload")}
    </section>`;
  }

  #findings(found: Findings | undefined): TemplateResult {
    if (found === undefined)
      return html`<div role="status" class="verdict">
        <h2>Nothing to look at yet</h2>
        <p>Paste or drop a body, or load an example.</p>
      </div>`;
    return html`${verdict(found.verdict)}${found.becomes ? becomes(found.becomes) : nothing}`;
  }

  #changed(change: () => void): void {
    change();
    this.requestUpdate();
  }

  #take(body: WebhookBody, signature = this.#signature, secret = this.#secret): void {
    this.#changed(() => {
      [this.#body, this.#signature, this.#secret] = [body, signature, secret];
      this.#problem = "";
    });
  }

  #clear(): void {
    this.#take(EMPTY, "", "");
    this.renderRoot.querySelector<HTMLElement>("#body")?.focus();
  }

  #loadExample({ target }: Event): void {
    const select = target as HTMLSelectElement;
    const example = EXAMPLES[Number(select.value)];
    if (select.value === "" || example === undefined || this.core === undefined) return;
    const { body, signature, secret } = example.make(this.core.sign);
    this.#take(ofText(body, { kind: "example" }), signature, secret);
  }

  #typed({ target }: Event): void {
    this.#take(ofText((target as HTMLTextAreaElement).value, { kind: "typed" }));
  }

  /** A text that replaces all is taken as it is: the field itself would write other line breaks. */
  #pasted(event: ClipboardEvent): void {
    const area = event.target as HTMLTextAreaElement;
    const file = event.clipboardData?.files[0];
    const replacesAll = area.selectionStart === 0 && area.selectionEnd === area.value.length;
    if (file) void this.#read(file);
    else if (replacesAll)
      this.#take(ofText(event.clipboardData?.getData("text/plain") ?? "", { kind: "pasted" }));
    else return;
    event.preventDefault();
  }

  #dragOver(event: DragEvent): void {
    event.preventDefault();
    if (!this.#isOver) this.#changed(() => (this.#isOver = true));
  }

  #dragLeave(): void {
    this.#changed(() => (this.#isOver = false));
  }

  #drop(event: DragEvent): void {
    event.preventDefault();
    this.#dragLeave();
    const file = event.dataTransfer?.files[0];
    if (file) void this.#read(file);
  }

  #chooseFile(): void {
    this.renderRoot.querySelector<HTMLInputElement>("#file")?.click();
  }

  #fileChosen({ target }: Event): void {
    const input = target as HTMLInputElement;
    const file = input.files?.[0];
    if (file) void this.#read(file);
    input.value = "";
  }

  async #read(file: File): Promise<void> {
    if (file.size > MOST_BYTES) {
      this.#changed(
        () => (this.#problem = `${file.name} is larger than any webhook: choose the body of one.`),
      );
      return;
    }
    try {
      this.#take(
        ofBytes(new Uint8Array(await file.arrayBuffer()), { kind: "file", name: file.name }),
      );
    } catch {
      this.#changed(
        () => (this.#problem = `${file.name} cannot be read. Choose a file, not a folder.`),
      );
    }
  }
}

function verdict({ tone, headline, sentence, tried }: Verdict): TemplateResult {
  const found = tried.some(({ holds }) => holds);
  return html`<div role="status" class="verdict ${tone}">
      <h2>${tone === "good" ? icons.good : icons.bad}${headline}</h2>
      <p>${sentence}</p>
    </div>
    ${
      tried.length > 0
        ? html`<div class="group">
            <h3>What was tried${found ? "" : ", without success"}</h3>
            <ul class="tried" role="list">
              ${tried.map(
                (trial) =>
                  html`<li>
                    <span>${trial.with}</span
                    ><span class="badge ${trial.holds ? "good" : ""}"
                      >${trial.holds ? "holds" : "does not hold"}</span
                    >
                  </li>`,
              )}
            </ul>
          </div>`
        : nothing
    }`;
}

function becomes({ events, receipts, lifecycle, unhandled, genesys }: Becomes): TemplateResult {
  return html`<div class="group">
      <h2>Chat events${count(events)}</h2>
      ${events.length === 0 ? NO_EVENTS : events.map(chatEvent)}
    </div>
    ${list("Receipts", receipts, "")}${list("Lifecycle", lifecycle, "")}
    ${list("Left unhandled", unhandled, "Nothing: all of the webhook was understood.")}
    <details>
      <summary>Ids and origins</summary>
      ${payload(laidOut(genesys), "Ids and origins")}
    </details>`;
}

function chatEvent({ name, text, whole }: ChatEvent): TemplateResult {
  return html`<div class="event">
    <div class="head">
      <span class="name">${name}</span>${copyButton(() => laidOut(whole), name)}
    </div>
    ${text ? html`<p>${text}</p>` : nothing}${payload(laidOut(whole), name)}
  </div>`;
}

/** A list that is left out where it is empty and nothing is to be said of that. */
function list(
  name: string,
  items: readonly unknown[],
  otherwise: string,
): TemplateResult | typeof nothing {
  if (items.length === 0 && otherwise === "") return nothing;
  return html`<div class="group">
    <h2>${name}${count(items)}</h2>
    ${
      items.length === 0
        ? html`<p class="small muted">${otherwise}</p>`
        : items.map((item, place) => payload(laidOut(item), `${name}, ${place + 1}`))
    }
  </div>`;
}

function count(items: readonly unknown[]): TemplateResult | typeof nothing {
  return items.length > 0 ? html` <span class="badge">${items.length}</span>` : nothing;
}

customElements.define("webhook-inspector", WebhookInspector);

declare global {
  interface HTMLElementTagNameMap {
    "webhook-inspector": WebhookInspector;
  }
}
