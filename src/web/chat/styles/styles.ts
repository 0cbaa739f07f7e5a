// How it looks. A page changes it by the `--baton-…` properties and by `::part(…)`.

import { floating } from "./corner.ts";
import { foot, head } from "./edges.ts";
import { messages } from "./flow.ts";
import { colours, controls, layout, wishes } from "./frame.ts";

export const styles = [colours, layout, controls, head, messages, foot, floating, wishes];
