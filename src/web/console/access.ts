// The token of this run: it comes with the address, and is kept for the tab.

const KEPT_AS = "baton-console-token";

/** What is needed of the page to find the token. */
export interface Page {
  /** The fragment of its address, with its `#`. */
  readonly fragment: string;
  /** Takes the fragment out of the address. */
  hideFragment(): void;
  /** The tab's own store. */
  readonly store: Pick<Storage, "getItem" | "setItem">;
}

/** The token that the address brings or, after a reload, the one that it brought. */
export function findToken(page: Page): string | undefined {
  const brought = new URLSearchParams(page.fragment.replace(/^#/, "")).get("token");
  if (brought) {
    page.store.setItem(KEPT_AS, brought);
    page.hideFragment();
    return brought;
  }
  return page.store.getItem(KEPT_AS) ?? undefined;
}
