#pragma once

// What Mistral's API has beside OpenAI's dialect, which it speaks otherwise: fill in the middle (FIM), which
// completes a text before a suffix. The wire format is that of @mistralai/mistralai 2.7
// (FIMCompletionRequest, FIMCompletionResponse): asked like a text completion, answered like a chat.

#include "providers/dialect.h"

namespace portolan::providers {

const Dialect& MistralDialect();

}  // namespace portolan::providers
