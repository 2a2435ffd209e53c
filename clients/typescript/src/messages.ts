import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Message, MessageSchema, ToolSchema } from "./v1.js";

/** A message of a conversation, as it is given in a request; an answer's message is one too. */
export type MessageInit = MessageInitShape<typeof MessageSchema>;

function message(role: string, text: string) {
  return { role, content: { kind: { case: "text", value: text } } } satisfies MessageInit;
}

/** What the user says. */
export function user(text: string): MessageInit {
  return message("user", text);
}

/** What the model is told to be. */
export function system(text: string): MessageInit {
  return message("system", text);
}

/** What newer models of OpenAI's take in the place of `system`. */
export function developer(text: string): MessageInit {
  return message("developer", text);
}

/** What the model said. An answer's own message is better sent back as it came. */
export function assistant(text: string): MessageInit {
  return message("assistant", text);
}

/** What a tool gave for the call that the model named `callId`. */
export function toolResult(callId: string, result: string): MessageInit {
  return { ...message("tool", result), toolCallId: callId };
}

/** A function that the model may call; `parameters` is a JSON Schema, as an object or as text. */
export function functionTool(
  name: string,
  description: string,
  parameters: object | string,
): MessageInitShape<typeof ToolSchema> {
  const schema = typeof parameters === "string" ? parameters : JSON.stringify(parameters);
  return { type: "function", function: { name, description, parameters: schema } };
}

/** The message's text; of several parts, that of all that have one. */
export function textOf(message: Message | undefined): string {
  const kind = message?.content?.kind;
  if (kind?.case === "parts") return kind.value.items.map((part) => part.text ?? "").join("");
  return kind?.value ?? "";
}
