package dev.portolan.client;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What one call has besides its request. Immutable: {@code
 * RequestOptions.NONE.timeout(Duration.ofMinutes(1))}.
 */
public final class RequestOptions {
  /** Nothing besides. */
  public static final RequestOptions NONE =
      new RequestOptions(Optional.empty(), Map.of(), headers -> {});

  final Optional<Duration> timeout;
  final Map<String, String> headers;
  final Consumer<Map<String, String>> onHeaders;

  private RequestOptions(
      Optional<Duration> timeout,
      Map<String, String> headers,
      Consumer<Map<String, String>> onHeaders) {
    this.timeout = timeout;
    this.headers = headers;
    this.onHeaders = onHeaders;
  }

  /** How long the call may take, connecting and streaming included; beats the client's. */
  public RequestOptions timeout(Duration timeout) {
    return new RequestOptions(Optional.of(timeout), headers, onHeaders);
  }

  /**
   * Sends a header; beats the client's.
   *
   * @throws IllegalArgumentException if it cannot be sent
   */
  public RequestOptions header(String name, String value) {
    Map<String, String> more = new HashMap<>(headers);
    more.put(Headers.checked(name, value), value);
    return new RequestOptions(timeout, Map.copyOf(more), onHeaders);
  }

  /**
   * Is told what came with the answer, before the answer: the gateway's headers, the provider's
   * rate limits. Those of an error are in {@link PortolanException#headers}.
   */
  public RequestOptions onHeaders(Consumer<Map<String, String>> onHeaders) {
    return new RequestOptions(timeout, headers, onHeaders);
  }
}
