#pragma once

// Anthropic's Messages API (https://platform.claude.com/docs/en/api/messages), typed in proto/anthropic/v1.
//
// Chat and the list of models are translated; completions and embeddings do not exist there. README.md in
// this folder has the rules of the translation, member by member.
//
// Options: `anthropic_version` (header anthropic-version, default 2023-06-01) and `anthropic_beta` (header
// anthropic-beta, sent only if given).

#include <memory>

#include "providers/provider.h"

namespace portolan::providers {

std::unique_ptr<Provider> NewAnthropicProvider();

}  // namespace portolan::providers
