// The agent's desk: what the simulated Genesys tells of a conversation, and what can be done in it.

/** Who has a conversation. */
export type Standing =
  "in_flow" | "queued" | "alerting" | "connected" | "parked" | "unattended" | "ended";

/** A conversation in short. */
export interface Conversation {
  readonly id: string;
  /** The customer, as Genesys knows them. */
  readonly endUser: string;
  readonly standing: Standing;
  /** The agents who take part or are alerted. */
  readonly users: readonly string[];
  readonly queueId?: string;
}

/** Something that was said in it. */
export interface Message {
  readonly id: string;
  readonly at: string;
  readonly isInbound: boolean;
  readonly userId?: string;
  readonly text: string;
  /** What it carries beside its text, such as `Card`. */
  readonly contents: readonly string[];
}

/** What an agent can do. */
export type Deed =
  | "alert"
  | "accept"
  | "no_answer"
  | "decline"
  | "type"
  | "answer"
  | "transfer_to_queue"
  | "transfer_to_user"
  | "park"
  | "resume"
  | "end";

/** An order to the simulator: the action and its members (src/simulator/README.md, People). */
export type Order = { readonly action: Deed } & Readonly<Record<string, string>>;

const STANDINGS: readonly Standing[] = [
  "in_flow",
  "queued",
  "alerting",
  "connected",
  "parked",
  "unattended",
  "ended",
];

const POSSIBLE: Readonly<Record<Standing, readonly Deed[]>> = {
  in_flow: ["transfer_to_queue", "transfer_to_user"],
  queued: ["alert", "accept", "transfer_to_queue", "transfer_to_user"],
  alerting: ["accept", "no_answer", "decline"],
  connected: ["type", "answer", "transfer_to_queue", "transfer_to_user", "park", "end"],
  parked: ["resume", "end"],
  unattended: [],
  ended: [],
};

/** An agent or a queue of the simulated org. */
export interface Named {
  readonly id: string;
  readonly name: string;
}

/** A queue; nobody can be alerted from one without members. */
export interface Queue extends Named {
  readonly hasMembers: boolean;
}

/** The agents of the simulated org (src/simulator/README.md, People). */
export const AGENTS: readonly Named[] = [
  { id: "aa11bb22-cc33-4d44-8e55-ff6677889900", name: "Dana Reyes" },
  { id: "bb22cc33-dd44-4e55-8f66-007788990011", name: "Milan Novak" },
  { id: "cc33dd44-ee55-4f66-8077-118899001122", name: "Aisha Okafor" },
  { id: "dd44ee55-ff66-4077-8188-229900112233", name: "Søren Holm" },
  { id: "ee55ff66-0077-4188-8299-330011223344", name: "Jun Tanaka" },
];

/** Its queues. */
export const QUEUES: readonly Queue[] = [
  { id: "90aa8b7c-6d5e-4f3a-b2c1-d0e9f8a7b6c5", name: "Support", hasMembers: true },
  { id: "11223344-5566-4778-899a-abbccddeeff0", name: "Sales", hasMembers: true },
  { id: "2b3c4d5e-6f70-4812-9a3b-4c5d6e7f8091", name: "Complaints", hasMembers: true },
  { id: "3c4d5e6f-7081-4923-8b4c-5d6e7f8091a2", name: "Bot queue", hasMembers: false },
];

/** What an agent can send beside plain text: the simulator's shapes. */
export const RICH: readonly { readonly shape: string; readonly name: string }[] = [
  { shape: "attachment-image-with-text", name: "Picture" },
  { shape: "structured-quickreply", name: "Quick replies" },
  { shape: "structured-card", name: "Card" },
];

/**
 * The conversation before the agent: the one that was chosen or, while none is, that of the chat beside. Never
 * another by itself: whoever presses Accept in a hurry has to mean this one.
 */
export function before(
  conversations: readonly Conversation[],
  chosen: string | undefined,
  own: string | undefined,
): Conversation | undefined {
  const find = (wanted: string | undefined) => conversations.find(({ id }) => id === wanted);
  return find(chosen) ?? find(own);
}

/** What is possible now. */
export function possible(conversation: Conversation | undefined): ReadonlySet<Deed> {
  if (conversation === undefined) return new Set();
  const deeds = new Set(POSSIBLE[conversation.standing]);
  const queue = QUEUES.find(({ id }) => id === conversation.queueId);
  if (conversation.standing === "queued" && queue?.hasMembers === false) {
    deeds.delete("alert");
    deeds.delete("accept");
  }
  return deeds;
}

/** To whom it can be given: queues, and agents who do not have it. */
export function destinations({ users }: Conversation): {
  readonly queues: readonly Named[];
  readonly agents: readonly Named[];
} {
  return { queues: QUEUES, agents: AGENTS.filter(({ id }) => !users.includes(id)) };
}

/** The order to transfer it to the queue or agent of this id. */
export function transfer(id: string): Order {
  return QUEUES.some((queue) => queue.id === id)
    ? { action: "transfer_to_queue", queue: id }
    : { action: "transfer_to_user", to: id };
}

/** How a conversation stands, in words. */
export function standingWords({ standing, users, queueId }: Conversation): string {
  const agent = nameOf(users[0], AGENTS, "an agent");
  const queue = nameOf(queueId, QUEUES, "a queue");
  switch (standing) {
    case "in_flow":
      return "In a flow";
    case "queued":
      return `Waits in ${queue}`;
    case "alerting":
      return `Rings at ${agent}`;
    case "connected":
      return `With ${agent}`;
    case "parked":
      return `Parked by ${agent}`;
    case "unattended":
      return "With nobody";
    case "ended":
      return "Ended";
  }
}

/** The name that belongs to an id; the beginning of the id if none does. */
export function nameOf(id: string | undefined, known: readonly Named[], otherwise: string): string {
  return known.find((one) => one.id === id)?.name ?? id?.slice(0, 8) ?? otherwise;
}

/** The conversations in this answer, the newest first. */
export function readConversations(value: unknown): Conversation[] {
  const list = Array.isArray(value) ? value : [];
  return list.flatMap((one) => readConversation(one) ?? []).reverse();
}

/** The conversation in this answer. */
export function readConversation(value: unknown): Conversation | undefined {
  const { id, end_user: endUser, state, users, queue_id: queueId } = membersOf(value);
  const standing = STANDINGS.find((one) => one === state);
  if (typeof id !== "string" || typeof endUser !== "string" || standing === undefined)
    return undefined;
  return {
    id,
    endUser,
    standing,
    users: texts(users),
    ...(typeof queueId === "string" && { queueId }),
  };
}

/** What was said in the conversation of this answer, in order. */
export function readMessages(value: unknown): Message[] {
  const { messages } = membersOf(value);
  return (Array.isArray(messages) ? messages : []).flatMap((message) => {
    const { id, at, direction, user_id: userId, text, content } = membersOf(message);
    if (typeof id !== "string") return [];
    return {
      id,
      at: typeof at === "string" ? at : "",
      isInbound: String(direction).toLowerCase() === "inbound",
      text: typeof text === "string" && text !== "" ? text : tapped(content),
      contents: contentTypes(content),
      ...(typeof userId === "string" && { userId }),
    };
  });
}

/** Where the context of the conversation of this answer is to be seen: Baton leaves it to the agent's screen. */
export function readContextLink(value: unknown): string | undefined {
  const { participants } = membersOf(value);
  const links = (Array.isArray(participants) ? participants : []).map(
    (one) => membersOf(membersOf(one).attributes).contextUrl,
  );
  return texts(links).find((link) => /^https?:\/\//i.test(link));
}

/** The button that was tapped: such a message has no text of its own. */
function tapped(content: unknown): string {
  const responses = (Array.isArray(content) ? content : []).map(
    (item) => membersOf(membersOf(item).buttonResponse).text,
  );
  return texts(responses).join(", ");
}

function contentTypes(content: unknown): string[] {
  const types = (Array.isArray(content) ? content : []).map((item) => membersOf(item).contentType);
  return [...new Set(texts(types))].filter((type) => type !== "Text");
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function texts(value: unknown): string[] {
  return (Array.isArray(value) ? value : []).filter((one) => typeof one === "string");
}
