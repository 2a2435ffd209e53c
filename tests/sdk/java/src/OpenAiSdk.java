import com.fasterxml.jackson.annotation.JsonTypeName;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.errors.OpenAIIoException;
import com.openai.errors.OpenAIServiceException;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionMessage;
import com.openai.models.chat.completions.ChatCompletionMessageFunctionToolCall;
import com.openai.models.chat.completions.ChatCompletionToolMessageParam;
import com.openai.models.embeddings.EmbeddingCreateParams;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** OpenAI's own. */
final class OpenAiSdk implements Driver.Sdk {
  /** The tool; its name is what the schema's is. */
  @JsonTypeName("weather")
  public static class Weather {
    public String city;
  }

  private static OpenAIClient client(Driver.Request request) {
    OpenAIOkHttpClient.Builder builder =
        OpenAIOkHttpClient.builder()
            .baseUrl(request.url() + "/v1")
            .apiKey(request.key())
            .maxRetries(request.retries())
            .timeout(request.limit());
    request.headers().forEach(builder::putHeader);
    return builder.build();
  }

  private static ChatCompletionCreateParams.Builder params(Driver.Request request) {
    return ChatCompletionCreateParams.builder()
        .model(request.model())
        .maxCompletionTokens(64)
        .addSystemMessage("Be brief.")
        .addUserMessage("Hi");
  }

  @Override
  public Object act(Driver.Request request) throws Exception {
    OpenAIClient client = client(request);
    try {
      return switch (request.what()) {
        case "chat" -> chat(client, request);
        case "stream" -> stream(client, request);
        case "tools" -> tools(client, request);
        case "structured" -> structured(client, request);
        case "embed" -> embed(client, request);
        case "models" -> Map.of("ids", client.models().list().data().stream().map(model -> model.id()).toList());
        default -> throw new IllegalArgumentException(request.what());
      };
    } finally {
      client.close();
    }
  }

  private static Object chat(OpenAIClient client, Driver.Request request) {
    ChatCompletion answer = client.chat().completions().create(params(request).build());
    List<Long> usage = List.of(answer.usage().get().promptTokens(), answer.usage().get().completionTokens());
    return Map.of("text", answer.choices().get(0).message().content().get(), "usage", usage);
  }

  private static Object stream(OpenAIClient client, Driver.Request request) {
    List<String> pieces = new ArrayList<>();
    try (StreamResponse<ChatCompletionChunk> chunks =
        client.chat().completions().createStreaming(params(request).build())) {
      chunks.stream()
          .flatMap(chunk -> chunk.choices().stream())
          .forEach(choice -> choice.delta().content().ifPresent(pieces::add));
    }
    return Map.of("pieces", pieces);
  }

  private static Object tools(OpenAIClient client, Driver.Request request) {
    ChatCompletionCreateParams.Builder params = params(request).addTool(Weather.class);
    ChatCompletionMessage asking = client.chat().completions().create(params.build()).choices().get(0).message();
    ChatCompletionMessageFunctionToolCall call = asking.toolCalls().get().get(0).asFunction();
    Weather weather = call.function().arguments(Weather.class);
    params.addMessage(asking);
    params.addMessage(ChatCompletionToolMessageParam.builder().toolCallId(call.id()).content("sunny").build());
    ChatCompletion told = client.chat().completions().create(params.build());
    return Map.of("call", weather, "text", told.choices().get(0).message().content().get());
  }

  private static Object structured(OpenAIClient client, Driver.Request request) {
    var params = params(request).responseFormat(Driver.City.class).build();
    return Map.of("value", client.chat().completions().create(params).choices().get(0).message().content().get());
  }

  private static Object embed(OpenAIClient client, Driver.Request request) {
    EmbeddingCreateParams params =
        EmbeddingCreateParams.builder().model(request.model()).inputOfArrayOfStrings(List.of("one", "two")).build();
    return Map.of("vectors", client.embeddings().create(params).data().stream().map(each -> each.embedding()).toList());
  }

  @Override
  public Map<String, Object> told(Exception error) {
    if (error instanceof OpenAIServiceException refused) {
      return Map.of(
          "status", refused.statusCode(),
          "message", String.valueOf(refused.getMessage()),
          "type", refused.type().orElse(""),
          "code", refused.code().orElse(""));
    }
    if (error instanceof OpenAIIoException && error.getCause() instanceof InterruptedIOException) {
      return Map.of("message", String.valueOf(error.getMessage()), "timeout", true);
    }
    return null;
  }

  @Override
  public void page() {
    OpenAiPage.run();
  }
}
