#include "providers/body_options.h"

#include <string>
#include <string_view>

#include "providers/provider.h"
#include "server/base/json_text.h"

namespace portolan::providers {
namespace {

// The option that a value stands for; empty: it is JSON, in which no name follows a brace.
std::string_view OptionIn(std::string_view value) {
  if (value.size() < 3 || value[0] != '{' || value[1] == '"' || value[1] == '}') return {};
  return value.substr(1, value.size() - 2);
}

// Which of the options counts; empty: none says anything.
std::string_view Chosen(const Form& form, const Target& target) {
  std::string_view fallback;
  for (const codec::Edit& edit : form.body_edits) {
    const std::string_view option = OptionIn(edit.json);
    if (option.empty()) continue;
    if (!target.option(option).empty()) return option;
    if (fallback.empty() && !target.provider->OptionOf(target, option).empty()) fallback = option;
  }
  return fallback;
}

}  // namespace

std::vector<codec::Edit> BodyEdits(const Form& form, const Target& target) {
  std::vector<codec::Edit> edits;
  const std::string_view chosen = Chosen(form, target);
  for (const codec::Edit& edit : form.body_edits) {
    const std::string_view option = OptionIn(edit.json);
    if (option.empty()) {
      edits.push_back(edit);
    } else if (option == chosen) {
      edits.push_back({edit.kind, edit.name, JsonString(target.provider->OptionOf(target, option))});
    } else if (!chosen.empty()) {
      edits.push_back({codec::Edit::Kind::kRemove, edit.name, {}});
    }
  }
  return edits;
}

}  // namespace portolan::providers
