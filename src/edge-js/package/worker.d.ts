/** A Worker that is a complete edge. Its bindings are texts: see the README. */
declare const worker: {
  /** Answers a request. */
  fetch(request: Request, environment: Readonly<Record<string, unknown>>): Promise<Response>;
};
export default worker;
