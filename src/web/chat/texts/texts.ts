// What the component itself says. What others write is shown as it is.

/** The component's own words in one language. */
export interface Texts {
  /** What the whole is called where the page does not say. */
  readonly chat: string;
  readonly openChat: string;
  readonly minimise: string;
  /** The flow of messages, to a screen reader. */
  readonly messages: string;
  readonly yourMessage: string;
  readonly send: string;
  readonly tooLong: string;
  readonly newMessages: string;
  readonly you: string;
  /** Who answers: a machine, or a person. */
  readonly bot: string;
  readonly agent: string;

  readonly endChat: string;
  readonly endQuestion: string;
  readonly keepChatting: string;
  readonly newChat: string;

  readonly connecting: string;
  readonly connectionLost: string;
  readonly unreachable: string;
  readonly unavailable: string;
  readonly tryAgain: string;

  readonly sending: string;
  readonly received: string;
  readonly read: string;
  readonly notSent: string;
  readonly sendAgain: string;
  readonly discard: string;
  readonly picture: string;
  readonly link: string;

  readonly handoffTriggered: string;
  readonly queued: string;
  readonly queuedIn: (queue: string) => string;
  readonly queuePosition: (position: string) => string;
  readonly queueWait: (wait: string) => string;
  readonly handoffFailed: string;
  readonly handoffTimedOut: string;
  readonly handoffElsewhere: string;
  readonly handoffRoute: string;
  readonly agentJoined: (name: string) => string;
  readonly agentLeft: (name: string) => string;
  readonly isTyping: (name: string) => string;
  readonly idle: string;
  readonly begunAnew: string;
  readonly endedByYou: string;
  readonly endedBySilence: string;
  readonly ended: string;
}
