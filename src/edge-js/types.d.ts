/** A header: its name and its value, in which each character stands for a byte, as in `Headers`. */
export type Header = [name: string, value: string];

/** The head of a request. */
export interface RequestHead {
  /** The method, such as `POST`. */
  method: string;
  /** The path as it was sent, undecoded, with its query if there is one. */
  path: string;
  /** All headers in any order. One that was sent twice is best here twice; `Headers` will do. */
  headers: Iterable<readonly [name: string, value: string]>;
}

/** Why a signature does not hold. */
export type SignatureReason =
  | "signature_missing"
  | "signature_duplicate"
  | "signature_comma_joined"
  | "signature_whitespace"
  | "signature_without_prefix"
  | "signature_url_safe"
  | "signature_unpadded"
  | "signature_malformed"
  | "signature_mismatch";

/** Why a request is refused: for a log or a metric. The caller must not learn it. */
export type Reason =
  | SignatureReason
  | "api_key_missing"
  | "api_key_duplicate"
  | "api_key_malformed"
  | "api_key_mismatch"
  | "not_found"
  | "method_not_allowed"
  | "too_large"
  | "media_type"
  | "unknown_tenant"
  | "not_json"
  | "tenant_look_up_failed"
  | "upstream_failed";

/** An answer in place of the upstream's. Nothing of the request goes anywhere. */
export interface Refusal {
  /** The status for the caller. Genesys sends again after 429 and 5xx only. */
  status: number;
  /** The headers for the caller. */
  headers: Header[];
  /** The body for the caller: `application/problem+json`. */
  body: string;
  /** Why. */
  reason: Reason;
}

/** A request to the upstream: a `POST`. It goes there in place of the webhook. */
export interface Delivery {
  /** The path at the upstream. */
  path: string;
  /** All its headers but those that your HTTP client makes itself. */
  headers: Header[];
  /** The body: a CloudEvents object in JSON. Send these very bytes. */
  body: Uint8Array<ArrayBuffer>;
}

/** A look-up of a tenant at the sidecar: a `GET`. */
export interface LookUp {
  /** The path at the sidecar. */
  path: string;
  /** The value of its `authorization` header. */
  authorization: string;
}

/** What the sidecar answered to a look-up, or the upstream to a delivery. */
export interface Answer {
  /** The status. */
  status: number;
  /** The body. */
  body: Uint8Array;
}

/** What the head of a request comes to. */
export type Head =
  /** No webhook: the request is none of the edge's business. */
  | { kind: "not_ours" }
  /** Refused already. */
  | { kind: "refuse"; refusal: Refusal }
  /** Read the body, but no more than `most` bytes and one, and call `judge`. */
  | { kind: "need_body"; most: number }
  /**
   * The same; and look the tenant up before, unless you have its answer still. How long one is
   * good is yours to say: a minute, or a day while the sidecar is away.
   */
  | { kind: "need_tenant"; lookUp: LookUp; most: number };

/** What a whole request comes to. */
export type Verdict =
  /** No webhook. */
  | { kind: "not_ours" }
  /** Refused. */
  | { kind: "refuse"; refusal: Refusal }
  /**
   * Refused because the proof does not match the looked-up answer. If that was an old one, look
   * the tenant up once more and judge again: a secret may have been changed. Else give the caller
   * this refusal.
   */
  | { kind: "mismatch"; refusal: Refusal }
  /** Genesys': send this, and give the caller what `answered` makes of the upstream's status. */
  | { kind: "forward"; delivery: Delivery };

/**
 * What `Gate.exchange` asks of you for one request. Set limits of time, for Genesys gives up after
 * ten seconds. What rejects has not been done.
 */
export interface Host {
  /** The time in milliseconds, as `Date.now` gives it. */
  now(): number;
  /**
   * The body. If it has more than `most` bytes, some that are more than `most`, and the rest need
   * not be read.
   */
  body(most: number): Promise<Uint8Array>;
  /** Sends a delivery; `undefined` without a complete answer. */
  deliver(delivery: Delivery): Promise<Answer | undefined>;
  /**
   * Looks a tenant up; `undefined` without a complete answer. A gate asks for a hundred tenants in a
   * second at most of which nothing is kept. Who comes beyond that gets 503.
   */
  lookUp(lookUp: LookUp): Promise<Answer | undefined>;
  /** What was kept under this name, by this request or another. */
  kept(name: string): Promise<Uint8Array | undefined>;
  /**
   * Keeps these bytes, which hold secrets, for requests to come. There is a name for each tenant
   * that is known, and 256 are for all that callers make up.
   */
  keep(name: string, bytes: Uint8Array): Promise<void>;
  /** Tells the operator, in a line for the log, why a request got 503. */
  report(line: string): void;
}

/** What the caller gets. */
export interface Reply {
  /** The status. */
  status: number;
  /** The headers. */
  headers: Header[];
  /** The body: of the refusal, or of the upstream's answer. */
  body: Uint8Array<ArrayBuffer>;
}

export interface Gate {
  /**
   * Both steps and all that lies between, for who hands over whole requests: the tenant is looked
   * up and kept as the configuration has it, the body read, the delivery sent. What the caller gets
   * is what comes back; a request that is no webhook gets 404.
   */
  exchange(head: RequestHead, host: Host): Promise<Reply>;
}

/** A webhook to be inspected. */
export interface Webhook {
  /** The body, byte for byte. */
  body: Uint8Array;
  /** The value of `X-Hub-Signature-256`, or the whole line of the header. */
  signature?: string | undefined;
  /** The secrets that may have signed it; without one no signature is checked. */
  secrets?: Iterable<string> | undefined;
  /** The path that it came in on; without one, that of nobody in particular. */
  path?: string | undefined;
  /** The method that it came with; without one, `POST`. */
  method?: string | undefined;
}

/** What may explain a signature that does not hold, undone. */
export interface Trial {
  /** With what the signature was tried, such as "the body without the line break at its end". */
  with: string;
  /** Whether it holds so. */
  holds: boolean;
}

/** What an inspected webhook comes to. */
export type Inspection =
  | {
      /** The edge would send it on. */
      verdict: "forward";
      /** Whether there was a secret to check the signature with. */
      signature: "checked" | "not checked";
      /** What you may wonder about: why nothing of it reaches the chat, or who signs so. */
      note?: string;
      /** The delivery that it becomes, in JSON. */
      delivery: string;
    }
  | {
      /** The edge would answer it with `status`. */
      verdict: "refuse";
      /** The status for the caller. */
      status: number;
      /** Why, in a word. */
      reason: Reason;
      /** Why, in a sentence that says what to do. */
      why: string;
      /** What was tried to explain a signature that does not hold; empty for other reasons. */
      tried: Trial[];
    }
  | {
      /** It is no webhook. */
      verdict: "not_ours";
      /** Why, in a sentence that says what to do. */
      why: string;
    };
