import dev.portolan.client.Client;
import dev.portolan.client.Messages;
import dev.portolan.client.PortolanException;
import dev.portolan.v1.ChatChunkChoice;
import dev.portolan.v1.ChatCompletionChunk;
import dev.portolan.v1.ChatCompletionRequest;

/**
 * Streams an answer: Chat PROMPT, with PORTOLAN_TARGET (host:port), PORTOLAN_KEY and PORTOLAN_MODEL
 * in the environment.
 */
public final class Chat {
  private Chat() {}

  /** Runs the program. */
  public static void main(String[] arguments) {
    if (arguments.length != 1) {
      System.err.println("usage: Chat PROMPT");
      System.exit(2);
    }
    ChatCompletionRequest request =
        ChatCompletionRequest.newBuilder()
            .setModel(fromEnvironment("PORTOLAN_MODEL", "echo/echo"))
            .addMessages(Messages.user(arguments[0]))
            .build();
    Client.Builder builder = Client.builder(fromEnvironment("PORTOLAN_TARGET", "127.0.0.1:50051"));
    try (Client client = builder.key(fromEnvironment("PORTOLAN_KEY", "")).build()) {
      for (ChatCompletionChunk chunk : client.stream(request)) {
        for (ChatChunkChoice choice : chunk.getChoicesList()) {
          System.out.print(choice.getDelta().getContent());
          System.out.flush();
        }
      }
      System.out.println();
    } catch (PortolanException error) {
      System.err.println("error: " + error.getMessage());
      error
          .retryDelay()
          .ifPresent(delay -> System.err.println("try again in " + delay.toSeconds() + " s"));
      System.exit(1);
    }
  }

  private static String fromEnvironment(String name, String fallback) {
    return System.getenv().getOrDefault(name, fallback);
  }
}
