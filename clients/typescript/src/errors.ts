import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack, durationMs } from "@bufbuild/protobuf/wkt";
import { type Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { type ErrorInfo, ErrorInfoSchema, RetryInfoSchema } from "./gen/google/rpc/error_details_pb.js";
import { StatusSchema } from "./gen/google/rpc/status_pb.js";

/** Headers by their names in lower case; several values of one name are joined by commas, as in HTTP. */
export type Headers = Readonly<Record<string, string>>;

/** Whose fault an error is. */
export type ErrorClass = "caller" | "policy" | "provider" | "gateway";

/** What an error is made of. */
export interface ErrorParts {
  code: string;
  status: keyof typeof status;
  info?: Headers | undefined;
  retryDelayMs?: number | undefined;
  headers?: Headers | undefined;
  cause?: unknown;
}

/**
 * A call that failed: one of the subclasses, by whose fault it was.
 *
 * What the gateway says about errors is in docs/errors.md of the project. What fails on the way to it has a code of the
 * client's: `gateway_unreachable` (no connection, or a broken one), `request_timeout` (the call's own `timeoutMs`),
 * `client_closed_request` (its `signal`, whose reason is the `cause`), or the gRPC status in lower case.
 */
export abstract class PortolanError extends Error {
  abstract readonly errorClass: ErrorClass;
  /** Stable, for programs: the provider's own, or the gateway's. */
  readonly code: string;
  /** gRPC's, by its name. */
  readonly status: keyof typeof status;
  /** How often a provider was called. */
  readonly attempts: number;
  /** Whether trying again can help. */
  readonly retryable: boolean;
  /** How long to wait before that, where it is known. */
  readonly retryDelayMs: number | undefined;
  /** That of the same error over HTTP; 0 if the gateway did not say. */
  readonly httpStatus: number;
  /** The member of the request that is at fault, if one is. */
  readonly param: string | undefined;
  /** All that the gateway tells of the error, by name: `tried`, `upstream`, `limit` and so on. */
  readonly info: Headers;
  /** What came with the error: the gateway's headers, the provider's rate limits. */
  readonly headers: Headers;

  constructor(message: string, parts: ErrorParts) {
    super(message, { cause: parts.cause });
    this.name = new.target.name;
    this.code = parts.code;
    this.status = parts.status;
    this.info = parts.info ?? {};
    this.headers = parts.headers ?? {};
    this.attempts = Number(this.info.attempts ?? 0);
    this.retryable = this.info.retryable === "true";
    this.retryDelayMs = parts.retryDelayMs;
    this.httpStatus = Number(this.info.http_status ?? 0);
    this.param = this.info.param;
  }
}

/** The request is wrong, or its own time ran out, or it was cancelled. */
export class CallerError extends PortolanError {
  readonly errorClass = "caller";
}

/** The request is right, but not allowed here. */
export class PolicyError extends PortolanError {
  readonly errorClass = "policy";
}

/** The provider refused or failed. */
export class ProviderError extends PortolanError {
  readonly errorClass = "provider";
}

/** The gateway failed, or there is no way to it. */
export class GatewayError extends PortolanError {
  readonly errorClass = "gateway";
}

const CLASSES = { caller: CallerError, policy: PolicyError, provider: ProviderError, gateway: GatewayError };
/** What gRPC's library says by itself. */
const LOCAL: Partial<Record<string, [keyof typeof CLASSES, string]>> = {
  UNAVAILABLE: ["gateway", "gateway_unreachable"],
  DEADLINE_EXCEEDED: ["caller", "request_timeout"],
  CANCELLED: ["caller", "client_closed_request"],
};

/** What of the metadata is text. */
export function plain(metadata: Metadata | undefined): Headers {
  const merged: Record<string, string> = {};
  for (const name of Object.keys(metadata?.getMap() ?? {})) {
    const texts = metadata?.get(name).filter((value) => typeof value === "string");
    if (texts?.length) merged[name] = texts.join(", ");
  }
  return merged;
}

/** The error that a failed call of gRPC's library stands for; `reason` is why the program cancelled it, if it did. */
export function errorOf(error: unknown, reason?: unknown): PortolanError {
  if (error instanceof PortolanError) return error;
  if (!isServiceError(error)) throw error;
  const name = status[error.code] as keyof typeof status;
  const { info, retryDelayMs } = details(error.metadata);
  const headers = plain(error.metadata);
  if (info) {
    const kind = CLASSES[info.metadata.class as ErrorClass] ?? GatewayError;
    return new kind(error.details, { code: info.reason, status: name, info: info.metadata, retryDelayMs, headers });
  }
  const [kind, code] = LOCAL[name] ?? ["gateway", name.toLowerCase()];
  return new CLASSES[kind](error.details, { code, status: name, headers, cause: reason });
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && "code" in error && typeof error.code === "number" && "details" in error;
}

/** The gateway's ErrorInfo and the delay of RetryInfo, in google.rpc.Status; https://grpc.io/docs/guides/error/. */
function details(metadata: Metadata | undefined): { info?: ErrorInfo; retryDelayMs?: number } {
  const found: { info?: ErrorInfo; retryDelayMs?: number } = {};
  for (const value of metadata?.get("grpc-status-details-bin") ?? []) {
    if (typeof value === "string") continue;
    for (const detail of fromBinary(StatusSchema, value).details) {
      const info = anyUnpack(detail, ErrorInfoSchema);
      if (info?.domain === "portolan") found.info = info;
      const delay = anyUnpack(detail, RetryInfoSchema)?.retryDelay;
      if (delay) found.retryDelayMs = durationMs(delay);
    }
  }
  return found;
}
