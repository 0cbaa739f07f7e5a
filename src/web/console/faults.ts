// The faults that can be switched on, and what to watch for (src/simulator/README.md, Faults).

/** The occasions that a plan of faults knows. */
type Occasion = "requests" | "webhooks" | "notifications";

/** A rule of the plan. */
export interface Rule {
  readonly fault: unknown;
  readonly matching?: string;
  readonly next?: number;
  readonly probability?: number;
}

/** What goes wrong, and how it is brought about. */
export interface Fault {
  readonly id: string;
  readonly name: string;
  /** What it does, and what to watch for: a sentence or two. */
  readonly watch: string;
  readonly how: Switch | Strike;
}

/** It stays until it is switched off, or until it has struck as often as it was to. */
export interface Switch {
  readonly kind: "switch";
  readonly occasion: Occasion;
  readonly rule: Rule;
}

/** It happens once, now. */
export interface Strike {
  readonly kind: "strike";
  /** What the button says. */
  readonly verb: string;
  /** What to post where, about this customer. */
  readonly path: string;
  order(endUser: string): unknown;
}

/** All of them. */
export const FAULTS: readonly Fault[] = [
  {
    id: "channel",
    name: "Drop the notification channel",
    watch:
      "Genesys closes the socket. Baton connects again, sets its topics anew and asks over REST " +
      "for what it missed; the chat notices nothing.",
    how: {
      kind: "strike",
      verb: "Drop it now",
      path: "faults/now",
      order: () => ({ fault: "close_sockets", code: 1011 }),
    },
  },
  {
    id: "forged",
    name: "Send a forged webhook",
    watch:
      "Somebody without the secret writes in the agent's name. It stops at the edge with 401, in " +
      "red, and the chat shows nothing of it.",
    how: {
      kind: "strike",
      verb: "Send it now",
      path: "webhooks",
      order: (endUser) => ({
        shape: "text-agent",
        to: endUser,
        text: "Please send me your password.",
        signature: "forged",
      }),
    },
  },
  {
    id: "duplicates",
    name: "Send each webhook twice",
    watch:
      "Every webhook comes in two copies at once. Both are answered with 200, and the chat shows the message once.",
    how: { kind: "switch", occasion: "webhooks", rule: { fault: "duplicate", probability: 1 } },
  },
  {
    id: "too_many",
    name: "Answer 429 to every second request",
    watch:
      "The Platform API refuses about half of what Baton asks about conversations. Write as the " +
      "customer: each message waits, is sent again and arrives, in order.",
    how: {
      kind: "switch",
      occasion: "requests",
      rule: {
        fault: { answer: { status: 429 } },
        matching: "/api/v2/conversations",
        probability: 0.5,
      },
    },
  },
  {
    id: "lost_answer",
    name: "Lose the answer to the next message",
    watch:
      "Genesys takes the customer's next message, and the connection breaks before the answer. " +
      "Baton cannot know, and sends it again with the same id: the agent has it twice, the customer once. Never is it lost.",
    how: {
      kind: "switch",
      occasion: "requests",
      rule: { fault: { lose_answer: {} }, matching: "/inbound/open/message", next: 1 },
    },
  },
];

/** A fault that is on. */
export interface Active {
  readonly fault: Fault;
  /** How often it struck. */
  readonly struck: number;
}

/** Those that are on in the plan that the simulator shows. */
export function activeIn(plan: unknown): Active[] {
  return FAULTS.flatMap((fault) => {
    if (fault.how.kind !== "switch") return [];
    const { occasion, rule } = fault.how;
    const found = rulesOf(plan, occasion).find((other) => isSame(other, rule));
    if (found === undefined || !(Number(found.next) > 0 || Number(found.probability) > 0))
      return [];
    return [{ fault, struck: Number(found.struck) || 0 }];
  });
}

/** The plan in which these are on, and nothing else. */
export function planOf(ids: ReadonlySet<string>): Record<string, Rule[]> {
  const plan: Record<string, Rule[]> = {};
  for (const { id, how } of FAULTS) {
    if (how.kind === "switch" && ids.has(id)) (plan[how.occasion] ??= []).push(how.rule);
  }
  return plan;
}

type Shown = Readonly<Record<string, unknown>>;

function rulesOf(plan: unknown, occasion: Occasion): Shown[] {
  const rules = (plan as Shown | null)?.[occasion];
  return Array.isArray(rules) ? rules : [];
}

/** Whether it is this rule. The simulator fills in what a rule leaves out. */
function isSame(shown: Shown, rule: Rule): boolean {
  return (
    canonical(shown.fault) === canonical(rule.fault) && shown.matching === (rule.matching ?? "")
  );
}

/** The fault, with its members filled in as the simulator does it. */
function canonical(fault: unknown): string {
  if (typeof fault === "string") return fault;
  return Object.entries((fault ?? {}) as Shown)
    .map(([name, members]) => `${name} ${Number((members as Shown | null)?.status) || 0}`)
    .join();
}
