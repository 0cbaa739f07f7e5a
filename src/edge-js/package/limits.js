// How long a look-up, a delivery and a body may take in the Worker, in milliseconds: as on the other
// hosts.

export const LONGEST_LOOK_UP = 2_000;
export const LONGEST_DELIVERY = 8_000;
export const LONGEST_BODY = 10_000;

// The most bytes of an answer to a look-up or a delivery.
export const MOST_ANSWER_BYTES = 64 * 1024;
