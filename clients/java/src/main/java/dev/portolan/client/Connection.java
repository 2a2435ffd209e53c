package dev.portolan.client;

import io.grpc.ConnectivityState;
import io.grpc.Deadline;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/** The channel, and what all of a client's calls have in common. Thread-safe. */
final class Connection {
  /** A connection is tried again no later than this, however long there was none. */
  private static final Duration PAUSE = Duration.ofMillis(500);

  final ManagedChannel channel;
  private final Map<String, String> headers;
  private final Optional<Duration> timeout;
  private final Duration connectTimeout;

  Connection(
      ManagedChannel channel,
      Map<String, String> headers,
      Optional<Duration> timeout,
      Duration connectTimeout) {
    this.channel = channel;
    this.headers = headers;
    this.timeout = timeout;
    this.connectTimeout = connectTimeout;
  }

  Metadata metadataOf(RequestOptions options) {
    Map<String, String> merged = new HashMap<>(headers);
    merged.putAll(options.headers);
    Metadata metadata = new Metadata();
    merged.forEach((name, value) -> metadata.put(Headers.key(name), value));
    return metadata;
  }

  Optional<Deadline> deadlineOf(RequestOptions options) {
    return options
        .timeout
        .or(() -> timeout)
        .map(it -> Deadline.after(it.toNanos(), TimeUnit.NANOSECONDS));
  }

  /**
   * Whether there is a connection, as soon as there is one, or no hope of one within the time. The
   * call is made all the same then, as its error says why; it does not wait.
   */
  CompletableFuture<Boolean> connected(Optional<Deadline> deadline) {
    CompletableFuture<Boolean> connected = new CompletableFuture<>();
    watch(connected);
    if (!connected.isDone()) {
      long most = connectTimeout.toNanos();
      long left =
          deadline.map(it -> Math.min(most, it.timeRemaining(TimeUnit.NANOSECONDS))).orElse(most);
      connected.completeOnTimeout(false, left, TimeUnit.NANOSECONDS);
      nudge(connected);
    }
    return connected;
  }

  private void watch(CompletableFuture<Boolean> connected) {
    ConnectivityState state = channel.getState(true);
    if (state == ConnectivityState.READY || state == ConnectivityState.SHUTDOWN) {
      connected.complete(state == ConnectivityState.READY);
    } else if (!connected.isDone()) {
      channel.notifyWhenStateChanged(state, () -> watch(connected));
    }
  }

  /** Tries again from time to time: gRPC's own pauses grow to two minutes, and cannot be set. */
  private void nudge(CompletableFuture<Boolean> connected) {
    Executor later = CompletableFuture.delayedExecutor(PAUSE.toMillis(), TimeUnit.MILLISECONDS);
    later.execute(
        () -> {
          if (!connected.isDone()) {
            channel.resetConnectBackoff();
            nudge(connected);
          }
        });
  }
}
