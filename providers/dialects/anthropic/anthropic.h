#pragma once

// Anthropic's Messages API (https://platform.claude.com/docs/en/api/messages), typed in proto/anthropic/v1.
//
// Chat is translated for providers and for callers, the list of models for callers of the hub; the count of
// tokens is relayed; completions and embeddings do not exist there. README.md in this folder has the rules of
// the translation, member by member.

#include "providers/dialect.h"

namespace portolan::providers {

const Dialect& AnthropicDialect();

}  // namespace portolan::providers
