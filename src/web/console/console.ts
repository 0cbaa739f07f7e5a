// The handoff page: finds the token of this run, and shows the page.

import "./console.css";
import { findToken } from "./access.ts";
import { HandoffPage } from "./handoff_page.ts";

const page = new HandoffPage();
page.token = findToken({
  fragment: location.hash,
  hideFragment: () => history.replaceState(null, "", location.pathname),
  store: sessionStorage,
});
document.body.append(page);

// A token that is put into the address of the open page begins anew.
addEventListener("hashchange", () => {
  if (location.hash.includes("token=")) location.reload();
});
