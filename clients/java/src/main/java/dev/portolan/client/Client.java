package dev.portolan.client;

import dev.portolan.v1.ChatCompletion;
import dev.portolan.v1.ChatCompletionChunk;
import dev.portolan.v1.ChatCompletionRequest;
import dev.portolan.v1.ChatServiceGrpc;
import dev.portolan.v1.Completion;
import dev.portolan.v1.CompletionRequest;
import dev.portolan.v1.CompletionServiceGrpc;
import dev.portolan.v1.EmbeddingRequest;
import dev.portolan.v1.EmbeddingResponse;
import dev.portolan.v1.EmbeddingServiceGrpc;
import dev.portolan.v1.ExplainRequest;
import dev.portolan.v1.Explanation;
import dev.portolan.v1.GetModelRequest;
import dev.portolan.v1.ListModelsRequest;
import dev.portolan.v1.Model;
import dev.portolan.v1.ModelList;
import dev.portolan.v1.ModelServiceGrpc;
import dev.portolan.v1.RerankRequest;
import dev.portolan.v1.RerankResponse;
import dev.portolan.v1.RerankServiceGrpc;
import dev.portolan.v1.RoutingServiceGrpc;
import dev.portolan.v1.TokenCount;
import dev.portolan.v1.TokenServiceGrpc;
import io.grpc.ChannelCredentials;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.TlsChannelCredentials;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A connection to the gateway, for as many calls and threads at once as you like. Close it at the
 * end.
 *
 * <p>It connects with the first call, and anew whenever the connection is lost. A call that finds
 * no connection waits for one, as long as the time to connect and its own timeout allow; one that
 * is under way when the connection is lost fails, as it may have reached a provider.
 *
 * <p>Each call has two forms. One waits for the answer, and throws a {@link PortolanException} if
 * there is none; if the thread is interrupted, the provider is left at once. The other, whose name
 * ends in {@code Async}, returns a future at once, which fails with a {@link PortolanException}; to
 * cancel that future leaves the provider at once.
 */
public final class Client implements AutoCloseable {
  private static final String VERSION = "0.1.0";
  // What the gateway takes and sends.
  private static final int LARGEST_MESSAGE = 64 << 20;
  private static final int LARGEST_METADATA = 64 << 10;

  private final Connection connection;

  private Client(Connection connection) {
    this.connection = connection;
  }

  /**
   * Begins a client of the gateway at {@code target}, {@code host:port}; of a name that stands for
   * several gateways, all are called in turn.
   */
  public static Builder builder(String target) {
    return new Builder(target);
  }

  /** Ends the calls that are under way, and the connection. */
  @Override
  public void close() {
    connection.channel.shutdownNow();
  }

  /**
   * For generated stubs of your own, whose errors {@link PortolanException#of} reads. Their calls
   * carry no key by themselves.
   */
  public ManagedChannel channel() {
    return connection.channel;
  }

  /** Continues a conversation; the whole answer. */
  public ChatCompletion chat(ChatCompletionRequest request) {
    return chat(request, RequestOptions.NONE);
  }

  /** Continues a conversation; the whole answer. */
  public ChatCompletion chat(ChatCompletionRequest request, RequestOptions options) {
    return await(chatAsync(request, options));
  }

  /** Continues a conversation; the whole answer. */
  public CompletableFuture<ChatCompletion> chatAsync(
      ChatCompletionRequest request, RequestOptions options) {
    return give(ChatServiceGrpc.getCreateChatCompletionMethod(), request, options);
  }

  /** Continues a conversation; the answer comes piece by piece, as it is made. */
  public AnswerStream<ChatCompletionChunk> stream(ChatCompletionRequest request) {
    return stream(request, RequestOptions.NONE);
  }

  /** Continues a conversation; the answer comes piece by piece, as it is made. */
  public AnswerStream<ChatCompletionChunk> stream(
      ChatCompletionRequest request, RequestOptions options) {
    return AnswerStream.begin(
        connection, ChatServiceGrpc.getStreamChatCompletionMethod(), request, options);
  }

  /**
   * Continues a conversation; the answer comes piece by piece, as it is made.
   *
   * @param onPiece is given each piece, one after the other; the next one is not read before it
   *     returns
   * @return is done when the answer is complete
   */
  public CompletableFuture<Void> streamAsync(
      ChatCompletionRequest request,
      RequestOptions options,
      Consumer<ChatCompletionChunk> onPiece) {
    return givePieces(ChatServiceGrpc.getStreamChatCompletionMethod(), request, options, onPiece);
  }

  /** Continues a text, with a model of the older kind; the whole answer. */
  public Completion complete(CompletionRequest request) {
    return complete(request, RequestOptions.NONE);
  }

  /** Continues a text, with a model of the older kind; the whole answer. */
  public Completion complete(CompletionRequest request, RequestOptions options) {
    return await(completeAsync(request, options));
  }

  /** Continues a text, with a model of the older kind; the whole answer. */
  public CompletableFuture<Completion> completeAsync(
      CompletionRequest request, RequestOptions options) {
    return give(CompletionServiceGrpc.getCreateCompletionMethod(), request, options);
  }

  /** Continues a text, with a model of the older kind, piece by piece. */
  public AnswerStream<Completion> streamCompletion(CompletionRequest request) {
    return streamCompletion(request, RequestOptions.NONE);
  }

  /** Continues a text, with a model of the older kind, piece by piece. */
  public AnswerStream<Completion> streamCompletion(
      CompletionRequest request, RequestOptions options) {
    return AnswerStream.begin(
        connection, CompletionServiceGrpc.getStreamCompletionMethod(), request, options);
  }

  /**
   * Continues a text, with a model of the older kind, piece by piece.
   *
   * @param onPiece is given each piece, one after the other; the next one is not read before it
   *     returns
   * @return is done when the answer is complete
   */
  public CompletableFuture<Void> streamCompletionAsync(
      CompletionRequest request, RequestOptions options, Consumer<Completion> onPiece) {
    return givePieces(CompletionServiceGrpc.getStreamCompletionMethod(), request, options, onPiece);
  }

  /** Turns texts into vectors. */
  public EmbeddingResponse embed(EmbeddingRequest request) {
    return embed(request, RequestOptions.NONE);
  }

  /** Turns texts into vectors. */
  public EmbeddingResponse embed(EmbeddingRequest request, RequestOptions options) {
    return await(embedAsync(request, options));
  }

  /** Turns texts into vectors. */
  public CompletableFuture<EmbeddingResponse> embedAsync(
      EmbeddingRequest request, RequestOptions options) {
    return give(EmbeddingServiceGrpc.getCreateEmbeddingsMethod(), request, options);
  }

  /** Puts documents in the order of how well they answer a query. */
  public RerankResponse rerank(RerankRequest request) {
    return rerank(request, RequestOptions.NONE);
  }

  /** Puts documents in the order of how well they answer a query. */
  public RerankResponse rerank(RerankRequest request, RequestOptions options) {
    return await(rerankAsync(request, options));
  }

  /** Puts documents in the order of how well they answer a query. */
  public CompletableFuture<RerankResponse> rerankAsync(
      RerankRequest request, RequestOptions options) {
    return give(RerankServiceGrpc.getRerankMethod(), request, options);
  }

  /** Counts the tokens of a conversation, without a call to the model. */
  public TokenCount countTokens(ChatCompletionRequest request) {
    return countTokens(request, RequestOptions.NONE);
  }

  /** Counts the tokens of a conversation, without a call to the model. */
  public TokenCount countTokens(ChatCompletionRequest request, RequestOptions options) {
    return await(countTokensAsync(request, options));
  }

  /** Counts the tokens of a conversation, without a call to the model. */
  public CompletableFuture<TokenCount> countTokensAsync(
      ChatCompletionRequest request, RequestOptions options) {
    return give(TokenServiceGrpc.getCountTokensMethod(), request, options);
  }

  /** Lists the models that can be asked. */
  public ModelList models(ListModelsRequest request) {
    return models(request, RequestOptions.NONE);
  }

  /** Lists the models that can be asked. */
  public ModelList models(ListModelsRequest request, RequestOptions options) {
    return await(modelsAsync(request, options));
  }

  /** Lists the models that can be asked. */
  public CompletableFuture<ModelList> modelsAsync(
      ListModelsRequest request, RequestOptions options) {
    return give(ModelServiceGrpc.getListModelsMethod(), request, options);
  }

  /** Tells of one model. */
  public Model model(GetModelRequest request) {
    return model(request, RequestOptions.NONE);
  }

  /** Tells of one model. */
  public Model model(GetModelRequest request, RequestOptions options) {
    return await(modelAsync(request, options));
  }

  /** Tells of one model. */
  public CompletableFuture<Model> modelAsync(GetModelRequest request, RequestOptions options) {
    return give(ModelServiceGrpc.getGetModelMethod(), request, options);
  }

  /** Tells where a call would go, without calling anybody. */
  public Explanation explain(ExplainRequest request) {
    return explain(request, RequestOptions.NONE);
  }

  /** Tells where a call would go, without calling anybody. */
  public Explanation explain(ExplainRequest request, RequestOptions options) {
    return await(explainAsync(request, options));
  }

  /** Tells where a call would go, without calling anybody. */
  public CompletableFuture<Explanation> explainAsync(
      ExplainRequest request, RequestOptions options) {
    return give(RoutingServiceGrpc.getExplainMethod(), request, options);
  }

  private <Q, A> CompletableFuture<A> give(
      MethodDescriptor<Q, A> method, Q request, RequestOptions options) {
    CompletableFuture<A> future = new CompletableFuture<>();
    return begin(
        future,
        request,
        new Exchange<>(connection, method, options) {
          private A answer;

          @Override
          void onAnswer(A answer) {
            this.answer = answer;
          }

          @Override
          void onEnd() {
            future.complete(answer);
          }

          @Override
          void onError(PortolanException error) {
            future.completeExceptionally(error);
          }
        });
  }

  private <Q, A> CompletableFuture<Void> givePieces(
      MethodDescriptor<Q, A> method, Q request, RequestOptions options, Consumer<A> onPiece) {
    CompletableFuture<Void> future = new CompletableFuture<>();
    return begin(
        future,
        request,
        new Exchange<>(connection, method, options) {
          @Override
          void onAnswer(A piece) {
            onPiece.accept(piece);
            more();
          }

          @Override
          void onEnd() {
            future.complete(null);
          }

          @Override
          void onError(PortolanException error) {
            future.completeExceptionally(error);
          }
        });
  }

  /** The future whose cancellation is that of the exchange. */
  @SuppressWarnings("FutureReturnValueIgnored") // it is the same as the one that is returned
  private static <Q, A, F> CompletableFuture<F> begin(
      CompletableFuture<F> future, Q request, Exchange<Q, A> exchange) {
    future.whenComplete(
        (answer, error) -> {
          if (future.isCancelled()) {
            exchange.cancel();
          }
        });
    exchange.begin(request);
    return future;
  }

  private static <A> A await(CompletableFuture<A> future) {
    try {
      return future.get();
    } catch (InterruptedException e) {
      future.cancel(true);
      Thread.currentThread().interrupt();
      throw PortolanException.of(Status.CANCELLED.withDescription("interrupted"), new Metadata());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof PortolanException error) {
        error.fillInStackTrace(); // that of who waits
        throw error;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  /** How a client connects and what it sends with each call. */
  public static final class Builder {
    private final String target;
    private final Map<String, String> headers = new HashMap<>();
    private final TlsChannelCredentials.Builder tls = TlsChannelCredentials.newBuilder();
    private boolean isTls;
    private Optional<Duration> timeout = Optional.empty();
    private Duration connectTimeout = Duration.ofSeconds(10);
    private Duration keepaliveTime = Duration.ofSeconds(30);
    private Duration keepaliveTimeout = Duration.ofSeconds(10);

    private Builder(String target) {
      this.target = target;
    }

    /**
     * The key of a caller of the gateway, or of the provider.
     *
     * @throws IllegalArgumentException if it cannot be sent
     */
    public Builder key(String key) {
      return header("authorization", "Bearer " + key);
    }

    /**
     * Sent with each call: {@code x-portolan-provider}, {@code x-portolan-config} and so on.
     *
     * @throws IllegalArgumentException if it cannot be sent
     */
    public Builder header(String name, String value) {
      headers.put(Headers.checked(name, value), value);
      return this;
    }

    /** Speak TLS, trusting the authorities of this Java. */
    public Builder tls() {
      isTls = true;
      return this;
    }

    /**
     * Speak TLS, trusting this PEM instead.
     *
     * @throws IOException if it is none
     */
    public Builder ca(byte[] pem) throws IOException {
      tls.trustManager(new ByteArrayInputStream(pem));
      return tls();
    }

    /**
     * Speak TLS, with the PEM of a certificate's chain and key, for a gateway that asks for one.
     *
     * @throws IOException if they are none
     */
    public Builder certificate(byte[] chain, byte[] key) throws IOException {
      tls.keyManager(new ByteArrayInputStream(chain), new ByteArrayInputStream(key));
      return tls();
    }

    /**
     * How long a call may take unless it says otherwise, connecting and streaming included.
     * Default: no limit.
     */
    public Builder timeout(Duration timeout) {
      this.timeout = Optional.of(timeout);
      return this;
    }

    /** How long a call waits for a connection. Default: 10 s. */
    public Builder connectTimeout(Duration connectTimeout) {
      this.connectTimeout = connectTimeout;
      return this;
    }

    /**
     * A connection with calls that has been silent for so long is looked after, and given up if
     * there is no answer for {@code timeout}. The gateway takes 10 s or more. Defaults: 30 s and 10
     * s.
     */
    public Builder keepalive(Duration time, Duration timeout) {
      keepaliveTime = time;
      keepaliveTimeout = timeout;
      return this;
    }

    /** The client, which does not connect yet. */
    public Client build() {
      ChannelCredentials credentials = isTls ? tls.build() : InsecureChannelCredentials.create();
      ManagedChannel channel =
          NettyChannelBuilder.forTarget(target, credentials)
              .userAgent("portolan-java/" + VERSION)
              .maxInboundMessageSize(LARGEST_MESSAGE)
              .maxInboundMetadataSize(LARGEST_METADATA)
              // Calls go to all gateways that the name stands for, and to others when it stands for
              // others.
              .defaultLoadBalancingPolicy("round_robin")
              // A stream may be silent for long while a model thinks: its connection is looked
              // after all that time.
              .keepAliveTime(keepaliveTime.toNanos(), TimeUnit.NANOSECONDS)
              .keepAliveTimeout(keepaliveTimeout.toNanos(), TimeUnit.NANOSECONDS)
              .build();
      return new Client(new Connection(channel, Map.copyOf(headers), timeout, connectTimeout));
    }
  }
}
