#pragma once

// What the models that Bedrock offers take beyond what Converse itself describes.

#include <string_view>

#include "providers/dialects/common/claude_models.h"

namespace portolan::providers::bedrock {

struct Model {
  ClaudeTraits claude;  // meaningful if the model is one
  bool is_claude = false;
  bool is_nova = false;
  bool is_nova_2 = false;
  bool is_mistral = false;
  bool is_gpt_oss = false;
  // An ARN that does not say whose model it is (an application inference profile, a provisioned model …):
  // what the caller asks for is sent, as they know it.
  bool is_unknown = false;

  // Marks for the cache, and whether a result is an error, are taken by these alone.
  bool has_cache_points() const { return is_claude || is_nova || is_unknown; }
  bool has_result_status() const { return has_cache_points(); }
  // Claude's own `tool_choice`, in the fields that go to the model as they are.
  bool has_native_tool_choice() const { return is_claude && (claude.version == 0 || claude.version >= 405); }
};

// By the model's id or ARN: `us.anthropic.claude-sonnet-4-5-20250929-v1:0`. Source: AWS's table of supported
// models and features for Converse, and its pages on the parameters of each.
Model ModelOf(std::string_view id);

}  // namespace portolan::providers::bedrock
