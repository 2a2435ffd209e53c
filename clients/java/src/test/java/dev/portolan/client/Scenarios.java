package dev.portolan.client;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import dev.portolan.v1.ChatChoice;
import dev.portolan.v1.ChatChunkChoice;
import dev.portolan.v1.ChatCompletion;
import dev.portolan.v1.ChatCompletionChunk;
import dev.portolan.v1.ChatCompletionRequest;
import dev.portolan.v1.ToolCall;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Scenarios FOLDER WORLD... [--control]: runs clients/scenarios.yaml with both forms of calls.
 * FOLDER is that of this client, WORLD... the command that starts the world.
 */
final class Scenarios {
  /** What a scenario found wrong. */
  private static final class Wrong extends Exception {
    private static final long serialVersionUID = 1;

    Wrong(String message) {
      super(message);
    }
  }

  private final World world;
  private final Path folder;
  private final Form form;
  private JsonObject given;
  private JsonObject seen;

  private Scenarios(World world, Path folder, Form form) {
    this.world = world;
    this.folder = folder;
    this.form = form;
  }

  private Client.Builder builder(String place) {
    return Client.builder(world.place(place)).key(world.place("key"));
  }

  private ChatCompletionRequest asking(String prompt) {
    return ChatCompletionRequest.newBuilder()
        .setModel(world.place("model"))
        .addMessages(Messages.user(prompt))
        .build();
  }

  private ChatCompletionRequest asked() {
    return asking(given.get("prompt").getAsString());
  }

  private Duration milliseconds(String name) {
    return Duration.ofMillis(given.get(name).getAsLong());
  }

  private static void equal(JsonElement is, JsonElement expected) throws Wrong {
    if (!is.equals(expected)) {
      throw new Wrong("expected %.150s, seen %.150s".formatted(expected, is));
    }
  }

  private void equal(String is, String name) throws Wrong {
    equal(new JsonPrimitive(is), seen.get(name));
  }

  private static JsonArray array(List<String> texts) {
    JsonArray all = new JsonArray();
    texts.forEach(all::add);
    return all;
  }

  private interface Failing {
    void run() throws Wrong, IOException, InterruptedException;
  }

  /** Fails unless the call fails as is to be seen. */
  private static void equalError(Failing call, JsonElement expected)
      throws Wrong, IOException, InterruptedException {
    try {
      call.run();
    } catch (PortolanException error) {
      Map<String, Class<?>> kinds =
          Map.of(
              "caller", CallerException.class,
              "policy", PolicyException.class,
              "provider", ProviderException.class,
              "gateway", GatewayException.class);
      JsonObject told = new JsonObject();
      told.addProperty("class", error.errorClass());
      told.addProperty("code", error.code());
      told.addProperty("status", error.status().name());
      told.addProperty("http_status", error.httpStatus());
      told.addProperty("attempts", error.attempts());
      told.addProperty("retryable", error.isRetryable());
      told.addProperty("retry_delay_ms", error.retryDelay().map(Duration::toMillis).orElse(0L));
      told.addProperty("message", error.description());
      JsonObject wanted = expected.getAsJsonObject();
      for (String name : wanted.keySet()) {
        equal(told.get(name), wanted.get(name));
      }
      if (error.getClass() != kinds.get(error.errorClass())) {
        throw new Wrong("thrown as " + error.getClass());
      }
      return;
    }
    throw new Wrong("the call did not fail");
  }

  private static List<String> textsOf(ChatCompletionChunk chunk) {
    return chunk.getChoicesList().stream()
        .map(choice -> choice.getDelta().getContent())
        .filter(text -> !text.isEmpty())
        .toList();
  }

  private static void drain(Form.Pieces stream, List<String> texts, List<String> reasons) {
    while (stream.hasNext()) {
      ChatCompletionChunk chunk = stream.next();
      texts.addAll(textsOf(chunk));
      for (ChatChunkChoice choice : chunk.getChoicesList()) {
        if (!choice.getFinishReason().isEmpty()) {
          reasons.add(choice.getFinishReason());
        }
      }
    }
  }

  private static void drain(Form.Pieces stream) {
    drain(stream, new ArrayList<>(), new ArrayList<>());
  }

  /** A stream whose first piece of text was as it should be. */
  private Form.Pieces begun(Client client, RequestOptions options) throws Wrong {
    Form.Pieces stream = form.stream(client, asked(), options);
    while (stream.hasNext()) {
      Optional<String> text = textsOf(stream.next()).stream().findFirst();
      if (text.isPresent()) {
        equal(new JsonPrimitive(text.get()), seen.getAsJsonArray("pieces").get(0));
        return stream;
      }
    }
    throw new Wrong("the stream had no piece");
  }

  private ChatCompletion chat(Client client, ChatCompletionRequest request) {
    return form.chat(client, request, RequestOptions.NONE);
  }

  private static String textOf(ChatCompletion answer) {
    return Messages.textOf(answer.getChoices(0).getMessage());
  }

  private void chat(Client client) throws Wrong {
    ChatCompletion answer = chat(client, asked());
    equal(textOf(answer), "text");
    equal(answer.getChoices(0).getFinishReason(), "finish_reason");
    equal(new JsonPrimitive(answer.getUsage().getTotalTokens()), seen.get("total_tokens"));
  }

  private void stream(Client client) throws Wrong {
    List<String> texts = new ArrayList<>();
    List<String> reasons = new ArrayList<>();
    drain(form.stream(client, asked(), RequestOptions.NONE), texts, reasons);
    equal(array(texts), seen.get("pieces"));
    equal(String.join(" ", reasons), "finish_reason");
  }

  private void tools(Client client) throws Wrong {
    JsonObject tool = given.getAsJsonObject("tool");
    ChatCompletionRequest.Builder request =
        asked().toBuilder()
            .addTools(
                Messages.functionTool(
                    tool.get("name").getAsString(),
                    tool.get("description").getAsString(),
                    tool.get("parameters").getAsString()));
    ChatChoice choice = chat(client, request.build()).getChoices(0);
    equal(choice.getFinishReason(), "finish_reason");
    ToolCall call = choice.getMessage().getToolCalls(0);
    equal(call.getId(), "id");
    equal(call.getFunction().getName(), "name");
    equal(JsonParser.parseString(call.getFunction().getArguments()), seen.get("arguments"));
    request.addMessages(choice.getMessage());
    request.addMessages(Messages.toolResult(call.getId(), given.get("result").getAsString()));
    equal(textOf(chat(client, request.build())), "text");
  }

  private void cancellation(Client client) throws Wrong, IOException, InterruptedException {
    Form.Pieces stream = begun(client, RequestOptions.NONE);
    world.tell("mark");
    stream.cancel();
    JsonObject expected = new JsonObject();
    expected.addProperty("class", "caller");
    expected.addProperty("code", "client_closed_request");
    equalError(() -> drain(stream), expected);
  }

  /** The options with the metadata that is given. */
  private RequestOptions withMetadata(RequestOptions options) {
    for (Map.Entry<String, JsonElement> each : given.getAsJsonObject("metadata").entrySet()) {
      options = options.header(each.getKey(), each.getValue().getAsString());
    }
    return options;
  }

  private void metadata(Client client) throws Wrong {
    Map<String, String> received = new HashMap<>();
    RequestOptions options = withMetadata(RequestOptions.NONE.onHeaders(received::putAll));
    equal(textOf(form.chat(client, asked(), options)), "text");
    for (Map.Entry<String, JsonElement> each : seen.getAsJsonObject("metadata").entrySet()) {
      equal(new JsonPrimitive(received.getOrDefault(each.getKey(), "")), each.getValue());
    }
  }

  private void large(Client client) throws Wrong {
    String text = textOf(chat(client, asking("x".repeat(given.get("prompt_bytes").getAsInt()))));
    equal(
        new JsonPrimitive(text.chars().filter(letter -> letter == 'x').count()),
        new JsonPrimitive(seen.get("text_bytes").getAsLong()));
    equal(
        new JsonPrimitive((long) text.length()),
        new JsonPrimitive(seen.get("text_bytes").getAsLong()));
  }

  private void tls() throws Wrong, IOException, InterruptedException {
    try (Client client = builder("tls").tls().connectTimeout(Duration.ofSeconds(1)).build()) {
      equalError(() -> chat(client, asked()), seen.get("untrusting"));
    }
    byte[] ca = Files.readAllBytes(Path.of(world.place("ca")));
    try (Client client = builder("tls").ca(ca).build()) {
      equal(textOf(chat(client, asked())), "text");
    }
  }

  private void mtls() throws Wrong, IOException, InterruptedException {
    byte[] ca = Files.readAllBytes(Path.of(world.place("ca")));
    try (Client client = builder("mtls").ca(ca).connectTimeout(Duration.ofSeconds(1)).build()) {
      equalError(() -> chat(client, asked()), seen.get("nameless"));
    }
    byte[] chain = Files.readAllBytes(Path.of(world.place("certificate")));
    byte[] key = Files.readAllBytes(Path.of(world.place("certificate_key")));
    try (Client client = builder("mtls").ca(ca).certificate(chain, key).build()) {
      equal(textOf(chat(client, asked())), "text");
    }
  }

  private void reconnect(Client client) throws Wrong, IOException, InterruptedException {
    Form.Pieces stream = begun(client, RequestOptions.NONE);
    world.tell("restart?down_ms=" + given.get("down_ms"));
    equalError(() -> drain(stream), seen.get("broken"));
    equal(textOf(chat(client, asked())), "text");
  }

  private void rollout() throws Wrong, IOException, InterruptedException {
    String target = given.get("target").getAsString();
    try (Client client = Client.builder(target).key(world.place("key")).build()) {
      for (int calls = given.get("calls").getAsInt(); calls > 0; --calls) {
        equal(textOf(chat(client, asked())), "text");
      }
      world.tell("rollout?late_ms=" + given.get("late_ms"));
      equal(textOf(chat(client, asked())), "after");
    }
  }

  private void keepalive() throws Wrong, IOException, InterruptedException {
    Client.Builder builder =
        builder("plain")
            .keepalive(milliseconds("keepalive_time_ms"), milliseconds("keepalive_timeout_ms"));
    try (Client client = builder.build()) {
      Form.Pieces stream = begun(client, RequestOptions.NONE.timeout(Duration.ofMinutes(1)));
      world.tell("freeze");
      equalError(() -> drain(stream), seen.get("broken"));
    }
  }

  private void example() throws Wrong, IOException, InterruptedException {
    String program = folder.resolve("examples/Chat.java").toString();
    equal(outputOf(program, given.get("prompt").getAsString()), "output");
  }

  /** What a program in one file prints. */
  private String outputOf(String... command) throws IOException, InterruptedException {
    List<String> words =
        new ArrayList<>(List.of(ProcessHandle.current().info().command().orElseThrow()));
    words.addAll(List.of("-cp", System.getProperty("java.class.path")));
    words.addAll(List.of(command));
    ProcessBuilder builder =
        new ProcessBuilder(words).redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().put("PORTOLAN_TARGET", world.place("plain"));
    builder.environment().put("PORTOLAN_KEY", world.place("key"));
    builder.environment().put("PORTOLAN_MODEL", world.place("model"));
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return process.waitFor() == 0 ? output : "failed: " + output;
  }

  private void run(String name) throws Wrong, IOException, InterruptedException {
    JsonObject scenario = world.tell("begin?name=" + name);
    given = scenario.getAsJsonObject("given");
    seen = scenario.getAsJsonObject("seen");
    try (Client client = builder("plain").build()) {
      switch (name) {
        case "chat" -> chat(client);
        case "stream" -> stream(client);
        case "tools" -> tools(client);
        case "error" -> equalError(() -> chat(client, asked()), seen);
        case "policy" -> {
          RequestOptions options = withMetadata(RequestOptions.NONE);
          equalError(() -> form.chat(client, asked(), options), seen);
        }
        case "stream_error" ->
            equalError(() -> drain(form.stream(client, asked(), RequestOptions.NONE)), seen);
        case "deadline" -> {
          RequestOptions options = RequestOptions.NONE.timeout(milliseconds("timeout_ms"));
          equalError(() -> form.chat(client, asked(), options), seen);
        }
        case "cancellation" -> cancellation(client);
        case "metadata" -> metadata(client);
        case "large" -> large(client);
        case "tls" -> tls();
        case "mtls" -> mtls();
        case "reconnect" -> reconnect(client);
        case "rollout" -> rollout();
        case "keepalive" -> keepalive();
        case "example" -> example();
        default -> throw new Wrong("nobody runs it");
      }
    }
  }

  /** One try of a scenario. What went wrong, or nothing. */
  private Optional<String> attempt(String name) throws IOException, InterruptedException {
    Optional<String> problem = Optional.empty();
    try {
      run(name);
    } catch (Wrong | RuntimeException e) { // whatever it is, the others go on
      problem = Optional.of(e.toString());
    }
    JsonArray problems = world.tell("end").getAsJsonArray("problems");
    return problems.isEmpty() ? problem : problem.or(() -> Optional.of(problems.toString()));
  }

  /** The README's program works as it stands, but for the address. */
  private void checkReadme() throws Wrong, IOException, InterruptedException {
    String program =
        Files.readString(folder.resolve("README.md")).split("```java\n", 2)[1].split("```", 2)[0];
    Path file = Files.createTempFile("FirstCall", ".java");
    Files.writeString(file, program.replace("127.0.0.1:50051", world.place("plain")));
    String output = outputOf(file.toString());
    Files.delete(file);
    if (!output.contains("Hello")) {
      throw new Wrong("README.md: " + output);
    }
  }

  /** What cannot be sent is refused before it is. */
  private static void checkHeaders() throws Wrong {
    try {
      RequestOptions.NONE.header("x-portolan-trace-id", "a\r\nb");
    } catch (IllegalArgumentException e) {
      return;
    }
    throw new Wrong("a header with a line feed was taken");
  }

  /** Runs the scenarios. */
  public static void main(String[] arguments) throws Exception {
    Path folder = new File(arguments[0]).toPath();
    List<String> command = List.of(arguments).subList(1, arguments.length);
    int passed = 0;
    int failed = 0;
    int unreached = 0;
    try (World world = new World(command)) {
      boolean isControl = world.places.get("control").getAsBoolean();
      if (!isControl) {
        checkHeaders();
        new Scenarios(world, folder, new Form.Waiting()).checkReadme();
      }
      for (Form form : List.of(new Form.Waiting(), new Form.Futures())) {
        for (JsonElement each : world.places.getAsJsonArray("scenarios")) {
          String name = each.getAsString();
          Scenarios scenarios = new Scenarios(world, folder, form);
          Optional<String> problem = scenarios.attempt(name);
          for (int tries = 9;
              problem.isPresent() && !isControl && name.equals("cancellation") && tries > 0;
              --tries) {
            problem = scenarios.attempt(name);
          }
          unreached += problem.orElse("").contains("no request reached the upstream") ? 1 : 0;
          if (problem.isPresent() == isControl) {
            ++passed;
            continue;
          }
          ++failed;
          String why = problem.orElse("passes although nothing reached the upstream");
          System.out.printf("FAILED: %s %s: %s%n", form.getClass().getSimpleName(), name, why);
        }
      }
      if (isControl) {
        // Most of the control's answers are just right: those must have failed for want of a
        // request upstream.
        System.out.printf(
            "control: %d scenarios failed, %d of them only as nothing reached the upstream%n",
            passed, unreached);
        failed += unreached < passed / 2 ? 1 : 0;
      }
    }
    System.out.printf("%d passed, %d failed%n", passed, failed);
    System.exit(failed > 0 || passed == 0 ? 1 : 0);
  }
}
