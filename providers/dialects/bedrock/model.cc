#include "providers/dialects/bedrock/model.h"

namespace portolan::providers::bedrock {
namespace {

bool Has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace

Model ModelOf(std::string_view id) {
  Model model;
  // `arn:aws:bedrock:REGION:ACCOUNT:inference-profile/us.anthropic.claude-…`
  const std::string_view name = id.substr(id.rfind('/') + 1);
  model.claude = ClaudeTraitsOf(name);
  model.is_claude = Has(name, "claude");
  model.is_nova = Has(name, "amazon.nova");
  model.is_nova_2 = Has(name, "amazon.nova-2");
  model.is_mistral = Has(name, "mistral.");
  model.is_gpt_oss = Has(name, "gpt-oss");
  model.is_unknown = id.starts_with("arn:") && !Has(name, ".");
  return model;
}

}  // namespace portolan::providers::bedrock
