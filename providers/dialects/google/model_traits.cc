#include "providers/dialects/google/model_traits.h"

#include "server/base/text.h"

namespace portolan::providers::gemini {
namespace {

// Major and minor version as `major * 100 + minor` of a text that begins with it; 0 if it does not.
int VersionOf(std::string_view text) {
  int numbers[2] = {0, 0};
  int at = 0;
  for (const char c : text) {
    if (c == '.' && at == 0) {
      at = 1;
    } else if (IsDigit(c) && numbers[at] < 100) {
      numbers[at] = numbers[at] * 10 + (c - '0');
    } else {
      break;
    }
  }
  return numbers[0] * 100 + numbers[1];
}

bool Has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace

ModelTraits TraitsOf(std::string_view model) {
  constexpr std::string_view kPrefix = "gemini-";
  ModelTraits traits;
  std::string_view name = model.substr(model.find_last_of('/') + 1);
  if (!name.starts_with(kPrefix) || model.starts_with("tunedModels/")) {
    traits.thinking = ModelTraits::Thinking::kNone;
    traits.calls_are_signed = false;
    return traits;
  }
  name.remove_prefix(kPrefix.size());
  const int version = VersionOf(name);
  const bool pro = Has(name, "pro");
  if (version == 0 || version >= 300) {
    traits.level_minimal = !pro;
    traits.level_medium = !pro || version != 300;
  } else {
    traits.calls_are_signed = false;
    traits.thinking = version >= 205 ? ModelTraits::Thinking::kBudget : ModelTraits::Thinking::kNone;
    traits.least_budget = pro ? 128 : 0;
    traits.most_budget = pro ? 32768 : 24576;
  }
  // Models that draw or speak refuse to be told how to think.
  if (Has(name, "-image") || Has(name, "-tts")) traits.thinking = ModelTraits::Thinking::kNone;
  return traits;
}

std::string ResourceName(std::string_view model) {
  std::string name(model);
  return model.find('/') == std::string_view::npos ? "models/" + name : name;
}

}  // namespace portolan::providers::gemini
