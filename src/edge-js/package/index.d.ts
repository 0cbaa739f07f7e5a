export { Gate, answered, inspect, sign, translate, upstreamAddress, verify } from "./baton_edge.js";
export type {
  Answer,
  Delivery,
  Head,
  Header,
  Host,
  Inspection,
  LookUp,
  Reason,
  Refusal,
  Reply,
  RequestHead,
  SignatureReason,
  Trial,
  Verdict,
  Webhook,
} from "./baton_edge.js";
