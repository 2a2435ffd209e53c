package dev.portolan.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.ProtoUtils;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A call that failed; thrown as one of the subclasses, by whose fault it was.
 *
 * <p>What the gateway says about errors is in docs/errors.md of the project. What fails on the way
 * to it has a code of the client's: {@code gateway_unreachable} (no connection, or a broken one),
 * {@code request_timeout} (the call's own timeout), {@code client_closed_request} (cancelled here),
 * or the gRPC status in lower case.
 */
public abstract sealed class PortolanException extends RuntimeException
    permits CallerException, PolicyException, ProviderException, GatewayException {
  private static final long serialVersionUID = 1;

  /** Source: https://grpc.io/docs/guides/error/. */
  private static final Metadata.Key<com.google.rpc.Status> DETAILS =
      Metadata.Key.of(
          "grpc-status-details-bin",
          ProtoUtils.metadataMarshaller(com.google.rpc.Status.getDefaultInstance()));

  private final transient Told told;

  /** What is told of an error. */
  record Told(
      String errorClass,
      String code,
      Status status,
      String message,
      Optional<Duration> retryDelay,
      Map<String, String> info,
      Map<String, String> headers) {}

  PortolanException(Told told) {
    super(
        "%s (%s %s, %s)".formatted(told.message, told.errorClass, told.code, told.status.getCode()),
        told.status.getCause());
    this.told = told;
  }

  /** {@code caller}, {@code policy}, {@code provider} or {@code gateway}. */
  public String errorClass() {
    return told.errorClass;
  }

  /** Stable, for programs: the provider's own, or the gateway's. */
  public String code() {
    return told.code;
  }

  /** gRPC's. */
  public Status.Code status() {
    return told.status.getCode();
  }

  /** For people, without class, code and status. */
  public String description() {
    return told.message;
  }

  /** How often a provider was called. */
  public int attempts() {
    return number("attempts");
  }

  /** Whether trying again can help. */
  public boolean isRetryable() {
    return "true".equals(told.info.get("retryable"));
  }

  /** How long to wait before that, where it is known. */
  public Optional<Duration> retryDelay() {
    return told.retryDelay;
  }

  /** The same error's over HTTP; 0 if the gateway did not say. */
  public int httpStatus() {
    return number("http_status");
  }

  /** The member of the request that is at fault, if one is. */
  public Optional<String> param() {
    return Optional.ofNullable(told.info.get("param"));
  }

  /**
   * All that the gateway tells of the error, by name: {@code tried}, {@code upstream} and so on.
   */
  public Map<String, String> info() {
    return told.info;
  }

  /** What came with the error: the gateway's own headers, the provider's rate limits. */
  public Map<String, String> headers() {
    return told.headers;
  }

  /** The error that a failed call by a stub over {@link Client#channel} stands for. */
  public static PortolanException of(StatusRuntimeException error) {
    Metadata trailers = error.getTrailers();
    return of(error.getStatus(), trailers == null ? new Metadata() : trailers);
  }

  static PortolanException of(Status status, Metadata trailers) {
    return made(told(status, trailers));
  }

  private static PortolanException made(Told told) {
    return switch (told.errorClass) {
      case "caller" -> new CallerException(told);
      case "policy" -> new PolicyException(told);
      case "provider" -> new ProviderException(told);
      default -> new GatewayException(told);
    };
  }

  private static Told told(Status status, Metadata trailers) {
    ErrorInfo info = ErrorInfo.getDefaultInstance();
    Optional<Duration> delay = Optional.empty();
    com.google.rpc.Status details = trailers.get(DETAILS);
    for (Any detail :
        details == null
            ? com.google.rpc.Status.getDefaultInstance().getDetailsList()
            : details.getDetailsList()) {
      try {
        if (detail.is(RetryInfo.class)) {
          var found = detail.unpack(RetryInfo.class).getRetryDelay();
          delay = Optional.of(Duration.ofSeconds(found.getSeconds(), found.getNanos()));
        } else if (detail.is(ErrorInfo.class)
            && detail.unpack(ErrorInfo.class).getDomain().equals("portolan")) {
          info = detail.unpack(ErrorInfo.class);
        }
      } catch (InvalidProtocolBufferException e) {
        // What cannot be read counts as not said.
      }
    }
    Map<String, String> named = info.getMetadataMap();
    String message = messageOf(status);
    Map<String, String> headers = Headers.plain(trailers);
    if (info.getReason().isEmpty()) {
      boolean ours =
          status.getCode() == Status.Code.CANCELLED
              || status.getCode() == Status.Code.DEADLINE_EXCEEDED;
      return new Told(
          ours ? "caller" : "gateway",
          localCode(status.getCode()),
          status,
          message,
          delay,
          named,
          headers);
    }
    String errorClass = named.getOrDefault("class", "gateway");
    return new Told(errorClass, info.getReason(), status, message, delay, named, headers);
  }

  /** What gRPC's library says by itself. */
  private static String localCode(Status.Code code) {
    return switch (code) {
      case UNAVAILABLE -> "gateway_unreachable";
      case DEADLINE_EXCEEDED -> "request_timeout";
      case CANCELLED -> "client_closed_request";
      default -> code.name().toLowerCase(Locale.ROOT);
    };
  }

  /** With what is at the bottom of it: gRPC's own is "io exception". */
  private static String messageOf(Status status) {
    String message = status.getDescription() == null ? "" : status.getDescription();
    Throwable cause = status.getCause();
    return cause == null ? message : "%s: %s".formatted(message, cause);
  }

  private int number(String name) {
    try {
      return Integer.parseInt(told.info.getOrDefault(name, "0"));
    } catch (NumberFormatException e) {
      return 0; // what is no number counts as not said
    }
  }
}
