//! Messages of a conversation, in a word.

use crate::v1::{Content, FunctionDefinition, Message, Tool, content};

fn message(role: &str, text: impl Into<String>) -> Message {
    let content = Content { kind: Some(content::Kind::Text(text.into())) };
    Message { role: Some(role.into()), content: Some(content), ..Default::default() }
}

/// What the user says.
pub fn user(text: impl Into<String>) -> Message {
    message("user", text)
}

/// What the model is told to be.
pub fn system(text: impl Into<String>) -> Message {
    message("system", text)
}

/// What newer models of OpenAI's take in the place of [`system`].
pub fn developer(text: impl Into<String>) -> Message {
    message("developer", text)
}

/// What the model said. An answer's own message is better sent back as it came.
pub fn assistant(text: impl Into<String>) -> Message {
    message("assistant", text)
}

/// What a tool gave for the call that the model named `call_id`.
pub fn tool_result(call_id: impl Into<String>, result: impl Into<String>) -> Message {
    Message { tool_call_id: Some(call_id.into()), ..message("tool", result) }
}

/// A function that the model may call; `parameters` is a JSON Schema.
pub fn function_tool(name: impl Into<String>, description: impl Into<String>, parameters: impl Into<String>) -> Tool {
    let function = FunctionDefinition {
        name: Some(name.into()),
        description: Some(description.into()),
        parameters: Some(parameters.into()),
        ..Default::default()
    };
    Tool { r#type: Some("function".into()), function: Some(function), ..Default::default() }
}

/// The message's text; of several parts, that of all that have one.
pub fn text_of(message: &Message) -> String {
    match message.content.as_ref().and_then(|content| content.kind.as_ref()) {
        Some(content::Kind::Text(text)) => text.clone(),
        Some(content::Kind::Parts(parts)) => parts.items.iter().filter_map(|part| part.text.as_deref()).collect(),
        None => String::new(),
    }
}
