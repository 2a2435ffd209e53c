#pragma once

// How Ollama runs a model.

#include <optional>
#include <string_view>

#include "ollama/v1/chat.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "providers/mapping.h"

namespace portolan::providers::ollama {

// Whether `name` is an option of Ollama's (`num_ctx`), which callers may give beside OpenAI's members as well
// as in `options`.
bool IsOption(std::string_view name);

// Fills in the options that have a word in chat.
void TakeChatOptions(const ::portolan::v1::ChatCompletionRequest& hub, ::ollama::v1::Options* out);

// Takes the member `options`, whose members beat those of chat. Returns an Error (400, with the path) if it
// is no object.
std::optional<Error> TakeOwnOptions(std::string_view json, ::ollama::v1::Options* out);

// Takes one option as the caller wrote it, in the place of what it was before.
void TakeOption(std::string_view name, std::string_view json, ::ollama::v1::Options* out);

}  // namespace portolan::providers::ollama
