// The inspector page: shows the page, and loads the core into it.

import "./inspector.css";
import { takeOver } from "./handover.ts";
import { WebhookInspector } from "./inspector_page.ts";

const page = new WebhookInspector();
document.body.append(page);
const handover = takeOver(sessionStorage);
if (handover) page.fill(handover);

try {
  page.core = await import("@baton/edge");
} catch (error) {
  page.remove();
  const problem = document.createElement("p");
  problem.setAttribute("role", "alert");
  problem.textContent =
    "The edge’s code could not be loaded into this page. Load the page again; the browser’s console says more.";
  document.body.append(problem);
  throw error;
}
