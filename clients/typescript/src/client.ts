import {
  create,
  type DescMessage,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import { errorOf, type Headers, plain } from "./errors.js";
import * as v1 from "./v1.js";

/** This package's version. */
export const VERSION = "0.1.0";

/** What the gateway takes and sends. */
const LARGEST_MESSAGE = 64 << 20;

/** How a client connects and what it sends with each call. */
export interface ClientOptions {
  /** The key of a caller of the gateway, or of the provider. */
  key?: string;
  /** Speak TLS: `true` trusts the system's authorities; `ca` is a PEM to trust instead, `cert` and `key` are the caller's. */
  tls?: boolean | { ca?: Buffer; cert?: Buffer; key?: Buffer };
  /** Sent with each call: `x-portolan-provider`, `x-portolan-config` and so on. */
  headers?: Headers;
  /** How long a call may take unless it says otherwise, a stream's whole length included. Default: no limit. */
  timeoutMs?: number;
  /** How long a call waits for a connection. Default: 10 s. */
  connectTimeoutMs?: number;
  /** After how long a silence a connection with calls is looked after; the gateway takes 10 s or more. Default: 30 s. */
  keepaliveTimeMs?: number;
  /** How long it then waits for an answer until it gives the connection up. Default: 10 s. */
  keepaliveTimeoutMs?: number;
}

/** Of one call; beats the client's options. */
export interface CallOptions {
  timeoutMs?: number;
  headers?: Headers;
  /** Cancels the call: the provider is left at once. */
  signal?: AbortSignal;
  /** Is told what came with the answer: the gateway's headers, the provider's rate limits. */
  onHeaders?: (headers: Headers) => void;
}

type Unary<I extends DescMessage, O extends DescMessage> = DescMethodUnary<I, O>;
type Streaming<I extends DescMessage, O extends DescMessage> = DescMethodServerStreaming<I, O>;
type ChatRequest = MessageInitShape<typeof v1.ChatCompletionRequestSchema>;
type CompletionRequest = MessageInitShape<typeof v1.CompletionRequestSchema>;

/**
 * A connection to the gateway, for as many calls at once as you like. Close it in the end.
 *
 * It connects with the first call, and anew whenever the connection is lost. A call that finds no connection waits for one;
 * one that is under way when the connection is lost fails, as it may have reached a provider. Calls fail with a
 * PortolanError.
 */
export class Client {
  readonly #options: ClientOptions;
  readonly #grpc: grpc.Client;

  /** @param target `host:port`; of a name that stands for several gateways, all are called in turn. */
  constructor(target: string, options: ClientOptions = {}) {
    this.#options = options;
    this.#grpc = new grpc.Client(target, credentials(options.tls), {
      "grpc.primary_user_agent": `portolan-typescript/${VERSION}`,
      "grpc.max_receive_message_length": LARGEST_MESSAGE,
      "grpc.max_send_message_length": LARGEST_MESSAGE,
      // Calls go to all gateways that the name stands for, and to others when it stands for others.
      "grpc.service_config": JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
      // A rollout exchanges pods faster than once in the half minute that gRPC lets pass between two look-ups.
      "grpc.dns_min_time_between_resolutions_ms": 1000,
      "grpc.initial_reconnect_backoff_ms": 100,
      "grpc.max_reconnect_backoff_ms": 5000,
      // A stream may be silent for long while a model thinks: its connection is looked after all that time.
      "grpc.keepalive_time_ms": options.keepaliveTimeMs ?? 30_000,
      "grpc.keepalive_timeout_ms": options.keepaliveTimeoutMs ?? 10_000,
    });
  }

  /** Continues a conversation; resolves to the whole answer. */
  chat(request: ChatRequest, options?: CallOptions): Promise<v1.ChatCompletion> {
    return this.unary(v1.ChatService.method.createChatCompletion, request, options);
  }

  /**
   * Continues a conversation; the answer comes piece by piece, as it is made. The call is made when the iteration begins,
   * and ended when it is left. An iteration that ends without an error was complete.
   */
  stream(request: ChatRequest, options?: CallOptions): AsyncGenerator<v1.ChatCompletionChunk, void, undefined> {
    return this.streaming(v1.ChatService.method.streamChatCompletion, request, options);
  }

  /** Continues a text, with a model of the older kind; resolves to the whole answer. */
  complete(request: CompletionRequest, options?: CallOptions): Promise<v1.Completion> {
    return this.unary(v1.CompletionService.method.createCompletion, request, options);
  }

  /** Continues a text, with a model of the older kind, piece by piece; as `stream`. */
  streamCompletion(request: CompletionRequest, options?: CallOptions): AsyncGenerator<v1.Completion, void, undefined> {
    return this.streaming(v1.CompletionService.method.streamCompletion, request, options);
  }

  /** Turns texts into vectors. */
  embed(
    request: MessageInitShape<typeof v1.EmbeddingRequestSchema>,
    options?: CallOptions,
  ): Promise<v1.EmbeddingResponse> {
    return this.unary(v1.EmbeddingService.method.createEmbeddings, request, options);
  }

  /** Puts documents in the order of how well they answer a query. */
  rerank(request: MessageInitShape<typeof v1.RerankRequestSchema>, options?: CallOptions): Promise<v1.RerankResponse> {
    return this.unary(v1.RerankService.method.rerank, request, options);
  }

  /** Counts the tokens of a conversation, without a call to the model. */
  countTokens(request: ChatRequest, options?: CallOptions): Promise<v1.TokenCount> {
    return this.unary(v1.TokenService.method.countTokens, request, options);
  }

  /** Lists the models that can be asked. */
  models(
    request: MessageInitShape<typeof v1.ListModelsRequestSchema> = {},
    options?: CallOptions,
  ): Promise<v1.ModelList> {
    return this.unary(v1.ModelService.method.listModels, request, options);
  }

  /** Tells of one model. */
  model(request: MessageInitShape<typeof v1.GetModelRequestSchema>, options?: CallOptions): Promise<v1.Model> {
    return this.unary(v1.ModelService.method.getModel, request, options);
  }

  /** Tells where a call would go, without calling anybody. */
  explain(request: MessageInitShape<typeof v1.ExplainRequestSchema>, options?: CallOptions): Promise<v1.Explanation> {
    return this.unary(v1.RoutingService.method.explain, request, options);
  }

  /** Ends the calls that are under way, and the connection. */
  close(): void {
    this.#grpc.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Calls any unary rpc of the gateway's. */
  async unary<I extends DescMessage, O extends DescMessage>(
    method: Unary<I, O>,
    request: MessageInitShape<I>,
    options: CallOptions = {},
  ): Promise<MessageShape<O>> {
    const deadline = this.#deadline(options);
    await this.#connected(deadline, options.signal);
    const { promise, resolve, reject } = withResolvers<MessageShape<O>>();
    const call = this.#grpc.makeUnaryRequest(
      pathOf(method),
      (message: MessageShape<I>) => Buffer.from(toBinary(method.input, message)),
      (bytes: Buffer) => fromBinary(method.output, bytes),
      create(method.input, request),
      this.#metadata(options),
      { deadline },
      (error, answer) => {
        if (error || !answer) reject(errorOf(error, options.signal?.reason));
        else resolve(answer);
      },
    );
    if (options.onHeaders) call.on("metadata", (metadata) => options.onHeaders?.(plain(metadata)));
    const stop = onAbort(options.signal, () => call.cancel());
    return promise.finally(stop);
  }

  /** Calls any rpc of the gateway's whose answer is a stream. */
  async *streaming<I extends DescMessage, O extends DescMessage>(
    method: Streaming<I, O>,
    request: MessageInitShape<I>,
    options: CallOptions = {},
  ): AsyncGenerator<MessageShape<O>, void, undefined> {
    const deadline = this.#deadline(options);
    await this.#connected(deadline, options.signal);
    const call = this.#grpc.makeServerStreamRequest(
      pathOf(method),
      (message: MessageShape<I>) => Buffer.from(toBinary(method.input, message)),
      (bytes: Buffer) => fromBinary(method.output, bytes),
      create(method.input, request),
      this.#metadata(options),
      { deadline },
    );
    if (options.onHeaders) call.on("metadata", (metadata) => options.onHeaders?.(plain(metadata)));
    const stop = onAbort(options.signal, () => call.cancel());
    try {
      for await (const piece of call) yield piece;
    } catch (error) {
      throw errorOf(error, options.signal?.reason);
    } finally {
      stop();
      call.cancel(); // without effect on one that is over
    }
  }

  #deadline(options: CallOptions): number {
    const limit = options.timeoutMs ?? this.#options.timeoutMs;
    return limit === undefined ? Number.POSITIVE_INFINITY : Date.now() + limit;
  }

  #metadata(options: CallOptions): grpc.Metadata {
    const metadata = new grpc.Metadata();
    if (this.#options.key) metadata.set("authorization", `Bearer ${this.#options.key}`);
    for (const headers of [this.#options.headers, options.headers]) {
      for (const [name, value] of Object.entries(headers ?? {})) metadata.set(name, value);
    }
    return metadata;
  }

  /** Waits for a connection. If there is none, the call is made all the same, as its error says why. */
  async #connected(deadline: number, signal: AbortSignal | undefined): Promise<void> {
    const channel = this.#grpc.getChannel();
    const limit = Math.min(deadline, Date.now() + (this.#options.connectTimeoutMs ?? 10_000));
    while (!signal?.aborted) {
      const state = channel.getConnectivityState(true);
      if (state === grpc.connectivityState.READY) return;
      const { promise, resolve } = withResolvers<boolean>();
      channel.watchConnectivityState(state, limit, (late) => resolve(!late));
      const stop = onAbort(signal, () => resolve(false));
      if (!(await promise.finally(stop))) return;
    }
  }
}

function credentials(tls: ClientOptions["tls"]): grpc.ChannelCredentials {
  if (!tls) return grpc.credentials.createInsecure();
  const { ca, key, cert } = tls === true ? {} : tls;
  return grpc.credentials.createSsl(ca ?? null, key ?? null, cert ?? null);
}

function pathOf(method: { parent: { typeName: string }; name: string }): string {
  return `/${method.parent.typeName}/${method.name}`;
}

/** Promise.withResolvers, which Node.js 20 does not have. */
function withResolvers<T>() {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** Calls `act` when the signal is aborted, or at once if it is; returns what stops that. */
function onAbort(signal: AbortSignal | undefined, act: () => void): () => void {
  if (signal?.aborted) act();
  signal?.addEventListener("abort", act, { once: true });
  return () => signal?.removeEventListener("abort", act);
}
