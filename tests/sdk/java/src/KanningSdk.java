import com.fasterxml.jackson.databind.ObjectMapper;
import com.theokanning.openai.OpenAiHttpException;
import com.theokanning.openai.client.OpenAiApi;
import com.theokanning.openai.completion.chat.ChatCompletionRequest;
import com.theokanning.openai.completion.chat.ChatCompletionResult;
import com.theokanning.openai.completion.chat.ChatMessage;
import com.theokanning.openai.embedding.EmbeddingRequest;
import com.theokanning.openai.service.OpenAiService;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import okhttp3.OkHttpClient;

/** TheoKanning's, which is not worked on any more but widely used. */
final class KanningSdk implements Driver.Sdk {
  private static OpenAiService service(Driver.Request request) {
    OkHttpClient client =
        OpenAiService.defaultClient(request.key(), request.limit())
            .newBuilder()
            .addInterceptor(
                chain -> {
                  var builder = chain.request().newBuilder();
                  request.headers().forEach(builder::header);
                  return chain.proceed(builder.build());
                })
            .build();
    ObjectMapper mapper = OpenAiService.defaultObjectMapper();
    OpenAiApi api =
        OpenAiService.defaultRetrofit(client, mapper)
            .newBuilder()
            .baseUrl(request.url() + "/")
            .build()
            .create(OpenAiApi.class);
    return new OpenAiService(api, client.dispatcher().executorService());
  }

  private static ChatCompletionRequest.ChatCompletionRequestBuilder params(Driver.Request request) {
    return ChatCompletionRequest.builder()
        .model(request.model())
        .maxTokens(64)
        .messages(List.of(new ChatMessage("system", "Be brief."), new ChatMessage("user", "Hi")));
  }

  @Override
  public Object act(Driver.Request request) {
    OpenAiService service = service(request);
    return switch (request.what()) {
      case "chat" -> chat(service, request);
      case "stream" -> stream(service, request);
      case "embed" -> embed(service, request);
      case "models" -> Map.of("ids", service.listModels().stream().map(model -> model.getId()).toList());
      default -> throw new IllegalArgumentException(request.what());
    };
  }

  private static Object chat(OpenAiService service, Driver.Request request) {
    ChatCompletionResult answer = service.createChatCompletion(params(request).build());
    List<Long> usage = List.of(answer.getUsage().getPromptTokens(), answer.getUsage().getCompletionTokens());
    return Map.of("text", answer.getChoices().get(0).getMessage().getContent(), "usage", usage);
  }

  private static Object stream(OpenAiService service, Driver.Request request) {
    List<String> pieces = new ArrayList<>();
    service
        .streamChatCompletion(params(request).build())
        .blockingForEach(
            chunk -> chunk.getChoices().forEach(choice -> pieces.add(choice.getMessage().getContent())));
    return Map.of("pieces", pieces);
  }

  private static Object embed(OpenAiService service, Driver.Request request) {
    EmbeddingRequest params =
        EmbeddingRequest.builder().model(request.model()).input(List.of("one", "two")).build();
    return Map.of(
        "vectors", service.createEmbeddings(params).getData().stream().map(each -> each.getEmbedding()).toList());
  }

  @Override
  public Map<String, Object> told(Exception error) {
    if (error instanceof OpenAiHttpException refused) {
      return Map.of(
          "status", refused.statusCode,
          "message", String.valueOf(refused.getMessage()),
          "type", String.valueOf(refused.type),
          "code", String.valueOf(refused.code));
    }
    if (error.getCause() instanceof SocketTimeoutException) {
      return Map.of("message", String.valueOf(error.getMessage()), "timeout", true);
    }
    return null;
  }

  @Override
  public void page() {
    KanningPage.run();
  }
}
