#pragma once

// MiniMax's chat, which is OpenAI's but for reasoning in tags and errors under good statuses. The source is
// platform.minimax.io/docs/api-reference/text-openai-api and the chat template of MiniMax-M2.

#include "providers/dialect.h"

namespace portolan::providers {

const Dialect& MiniMaxDialect();

}  // namespace portolan::providers
