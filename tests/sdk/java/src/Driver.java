import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;

/** Drives the SDKs for Java: see ../../scenarios/driver.py, which it answers. */
public final class Driver {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** What a line tells to do. */
  record Request(
      String what, String url, String key, String model, Map<String, String> headers, Duration limit, int retries) {}

  /** An SDK. */
  interface Sdk {
    /** Does what the request tells. */
    Object act(Request request) throws Exception;

    /** What the SDK's exception tells, or null if it is none of the SDK's. */
    Map<String, Object> told(Exception error);

    /** Runs the lines of docs/sdks.md. */
    void page();
  }

  private static final Map<String, Sdk> SDKS = Map.of("openai", new OpenAiSdk(), "openai-gpt3", new KanningSdk());

  private Driver() {}

  static City parse(String text) throws IOException {
    return MAPPER.readValue(text, City.class);
  }

  /** What a tool is asked for, and what is asked for by a schema. */
  public static class City {
    public String city;
  }

  /** Where the gateway is that the lines of docs/sdks.md are run with. */
  static String gateway() {
    return System.getenv("GATEWAY");
  }

  @SuppressWarnings("unchecked")
  private static Request read(Map<String, Object> line) {
    return new Request(
        (String) line.get("do"),
        (String) line.get("url"),
        (String) line.get("key"),
        (String) line.get("model"),
        (Map<String, String>) line.getOrDefault("headers", Map.of()),
        Duration.ofMillis((Integer) line.getOrDefault("timeout_ms", 60_000)),
        (Integer) line.getOrDefault("retries", 0));
  }

  @SuppressWarnings("unchecked")
  private static Object serve(String text) throws IOException {
    Map<String, Object> line = MAPPER.readValue(text, Map.class);
    Sdk sdk = SDKS.get((String) line.get("package"));
    try {
      return sdk.act(read(line));
    } catch (Exception error) {
      Map<String, Object> told = sdk.told(error);
      if (told != null) return Map.of("failed", told);
      StringWriter trace = new StringWriter();
      error.printStackTrace(new PrintWriter(trace));
      return Map.of("broken", trace.toString());
    }
  }

  public static void main(String[] arguments) throws IOException {
    if (arguments.length > 1) {
      SDKS.get(arguments[1]).page();
      System.exit(0); // threads of connections live on
    }
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String text = in.readLine(); text != null; text = in.readLine()) {
      System.out.println(MAPPER.writeValueAsString(serve(text)));
    }
    System.exit(0);
  }
}
