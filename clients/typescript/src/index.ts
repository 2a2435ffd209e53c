/** Client of the Portolan AI gateway, over gRPC. The messages of its API are in `@portolan/client/v1`. */
export { type CallOptions, Client, type ClientOptions, VERSION } from "./client.js";
export {
  CallerError,
  type ErrorClass,
  GatewayError,
  type Headers,
  PolicyError,
  PortolanError,
  ProviderError,
} from "./errors.js";
export {
  assistant,
  developer,
  functionTool,
  type MessageInit,
  system,
  textOf,
  toolResult,
  user,
} from "./messages.js";
