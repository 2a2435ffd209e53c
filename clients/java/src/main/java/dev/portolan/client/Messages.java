package dev.portolan.client;

import dev.portolan.v1.Content;
import dev.portolan.v1.ContentPart;
import dev.portolan.v1.FunctionDefinition;
import dev.portolan.v1.Message;
import dev.portolan.v1.Tool;
import java.util.stream.Collectors;

/** Messages of a conversation, in a word. */
public final class Messages {
  private Messages() {}

  /** What the user says. */
  public static Message user(String text) {
    return message("user", text).build();
  }

  /** What the model is told to be. */
  public static Message system(String text) {
    return message("system", text).build();
  }

  /** What newer models of OpenAI's take in the place of {@link #system}. */
  public static Message developer(String text) {
    return message("developer", text).build();
  }

  /** What the model said. An answer's own message is better sent back as it came. */
  public static Message assistant(String text) {
    return message("assistant", text).build();
  }

  /** What a tool gave for the call that the model named {@code callId}. */
  public static Message toolResult(String callId, String result) {
    return message("tool", result).setToolCallId(callId).build();
  }

  /** A function that the model may call; {@code parameters} is a JSON Schema. */
  public static Tool functionTool(String name, String description, String parameters) {
    FunctionDefinition.Builder function =
        FunctionDefinition.newBuilder()
            .setName(name)
            .setDescription(description)
            .setParameters(parameters);
    return Tool.newBuilder().setType("function").setFunction(function).build();
  }

  /** The message's text; of several parts, that of all that have one. */
  public static String textOf(Message message) {
    Content content = message.getContent();
    if (!content.hasParts()) {
      return content.getText();
    }
    return content.getParts().getItemsList().stream()
        .map(ContentPart::getText)
        .collect(Collectors.joining());
  }

  private static Message.Builder message(String role, String text) {
    return Message.newBuilder().setRole(role).setContent(Content.newBuilder().setText(text));
  }
}
