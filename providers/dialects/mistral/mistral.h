#pragma once

// Mistral's chat, which is OpenAI's but for chunks (reasoning, documents, references) and a few words, and
// fill in the middle (FIM), which completes a text before a suffix: asked like a text completion, answered
// like a chat. All else of its API is OpenAI's dialect. The wire format is that of @mistralai/mistralai 2.7.

#include "providers/dialect.h"

namespace portolan::providers {

const Dialect& MistralDialect();

}  // namespace portolan::providers
