// What the handoff page hands over to the inspector: by the tab's own store, never by an address.

const KEPT_AS = "baton-inspector-handover";

/** A webhook and what belongs to it. */
export interface Handover {
  /** The body as text. */
  readonly body: string;
  /** The value of the signature header, if it has one. */
  readonly signature: string;
  readonly secret: string;
}

/** Puts it where the inspector looks. */
export function handOver(store: Pick<Storage, "setItem">, handover: Handover): void {
  store.setItem(KEPT_AS, JSON.stringify(handover));
}

/** Takes what was handed over. It is there once. */
export function takeOver(store: Pick<Storage, "getItem" | "removeItem">): Handover | undefined {
  const text = store.getItem(KEPT_AS);
  store.removeItem(KEPT_AS);
  if (text === null) return undefined;
  try {
    const { body, signature, secret } = JSON.parse(text) as Record<string, unknown>;
    return {
      body: String(body ?? ""),
      signature: String(signature ?? ""),
      secret: String(secret ?? ""),
    };
  } catch {
    return undefined;
  }
}
