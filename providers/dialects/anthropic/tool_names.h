#pragma once

// Names of tools: Anthropic's have up to 128 characters, OpenAI's up to 64. Longer ones are sent in a short
// form that depends on the name alone, so that a growing conversation keeps its beginning, and said in full
// again in answers.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "providers/call.h"

namespace portolan::providers::anthropic {

// The name under which a tool is offered to a provider: its own if that is short enough, else its beginning
// and a hash of the whole.
std::string ShortToolName(std::string_view name);

// The long names of a request's tools, by their short forms. Nearly always there are none.
class ToolNames {
 public:
  // `request`: the caller's anthropic.v1.MessagesRequest, or null. Not kept.
  explicit ToolNames(const Message* request);

  // The caller's own name for a tool that a provider names.
  std::string InFull(const std::string& name) const;

 private:
  std::vector<std::pair<std::string, std::string>> names_;  // short form, name
};

}  // namespace portolan::providers::anthropic
