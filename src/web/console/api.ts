// The console's API.

import { type Detail, readDetail } from "./entry.ts";

/** What the page has to know of the demonstration. */
export interface Demonstration {
  readonly chatUrl: string;
  readonly connectorToken: string;
  readonly host: string;
  readonly tenant: string;
  readonly edge: "in_process" | "envoy";
  readonly webhookUrl: string;
  readonly webhookSecret: string;
}

/** Why something was not done, in a sentence for the person. */
export class Refused extends Error {
  /** The status of HTTP; 0 where there was no answer. */
  readonly status: number;

  constructor(status: number, sentence: string) {
    super(sentence);
    this.status = status;
  }

  /** Whether the token is of another run. */
  get isOutdated(): boolean {
    return this.status === 401;
  }
}

/** The console's API, for whoever has the token. */
export class Api {
  readonly #token: string;

  constructor(token: string) {
    this.#token = token;
  }

  /** What this demonstration consists of. */
  async demonstration(): Promise<Demonstration> {
    const members = (await this.#ask("GET", "/api/demo")) as Record<string, string>;
    const text = (name: string) => String(members[name] ?? "");
    return {
      chatUrl: text("chat_url"),
      connectorToken: text("connector_token"),
      host: text("host"),
      tenant: text("tenant"),
      edge: members.edge === "envoy" ? "envoy" : "in_process",
      webhookUrl: text("webhook_url"),
      webhookSecret: text("webhook_secret"),
    };
  }

  /** An entry with its whole payload. */
  async detail(number: number): Promise<Detail> {
    const detail = readDetail(await this.#ask("GET", `/api/timeline/${number}`));
    if (detail === undefined) throw new Refused(0, "The console sent something that is no entry.");
    return detail;
  }

  /** Asks the simulated Genesys; `path` goes on after `/control/v1/`. */
  genesys(method: "GET" | "POST" | "PUT", path: string, order?: unknown): Promise<unknown> {
    return this.#ask(method, `/api/genesys/${path}`, order);
  }

  /** Begins to read the timeline after the change of this id; from the beginning without one. */
  async timeline(after: string | undefined, signal: AbortSignal): Promise<Response> {
    const headers = { ...this.#headers(), ...(after && { "last-event-id": after }) };
    const answer = await fetch("/api/timeline", { headers, signal, cache: "no-store" });
    if (!answer.ok) throw await refusal(answer);
    return answer;
  }

  #headers(): Record<string, string> {
    return { authorization: `Bearer ${this.#token}` };
  }

  async #ask(method: string, path: string, order?: unknown): Promise<unknown> {
    const body = order === undefined ? {} : { body: JSON.stringify(order) };
    const headers = {
      ...this.#headers(),
      ...(order !== undefined && { "content-type": "application/json" }),
    };
    const answer = await fetch(path, { method, headers, cache: "no-store", ...body }).catch(() => {
      throw new Refused(0, "The console does not answer. Is baton demo still running?");
    });
    if (!answer.ok) throw await refusal(answer);
    return answer.json();
  }
}

/** The sentence of a refusal: `detail` is the console's, `error` the simulator's. */
async function refusal(answer: Response): Promise<Refused> {
  const members = (await answer.json().catch(() => ({}))) as Record<string, unknown>;
  const said = [members.detail, members.error].find((sentence) => typeof sentence === "string");
  return new Refused(answer.status, said ?? `The console answered ${answer.status}.`);
}
