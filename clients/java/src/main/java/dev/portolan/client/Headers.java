package dev.portolan.client;

import io.grpc.Metadata;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Metadata as text by name. */
final class Headers {
  private Headers() {}

  /** Without what is binary; several values of a name are joined by commas as in HTTP. */
  static Map<String, String> plain(Metadata metadata) {
    Map<String, String> merged = new LinkedHashMap<>();
    for (String name : metadata.keys()) {
      if (name.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
        continue;
      }
      Iterable<String> values = metadata.getAll(key(name));
      if (values != null) {
        merged.put(name, String.join(", ", values));
      }
    }
    return Map.copyOf(merged);
  }

  static Metadata.Key<String> key(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }

  /**
   * The name as gRPC wants it; throws IllegalArgumentException if one of the two cannot be sent.
   */
  static String checked(String name, String value) {
    String lower = key(name.toLowerCase(Locale.ROOT)).name();
    if (!value.chars().allMatch(letter -> letter >= ' ' && letter <= '~')) {
      throw new IllegalArgumentException(
          "the header " + name + ": its value may have printable ASCII alone");
    }
    return lower;
  }
}
