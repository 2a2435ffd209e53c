#pragma once

#include <string>

#include "providers/call.h"

namespace portolan::providers::anthropic {

// The id of an answer that has none, as those of compatible servers may: OpenAI's clients tell the chunks of
// one stream from another's by theirs.
inline std::string AnswerId(const CallFacts& facts) {
  return "chatcmpl-anthropic-" + std::to_string(facts.unix_seconds);
}

}  // namespace portolan::providers::anthropic
