#include "providers/dialects/google/call_names.h"

#include "absl/strings/string_view.h"

namespace portolan::providers::gemini {

void CallNames::Add(std::string_view id, std::string_view name) {
  turn_.push_back({std::string(id), std::string(name)});
  if (!id.empty()) names_[absl::string_view(id.data(), id.size())] = std::string(name);
}

CallNames::Found CallNames::Answer(std::string_view id, std::string_view name) {
  for (size_t i = 0; i < turn_.size(); ++i) {
    Call& call = turn_[i];
    const bool fits = id.empty() ? name.empty() || call.name == name : call.id == id;
    if (call.answered || !fits) continue;
    call.answered = true;
    return {call.name, call.id, static_cast<int>(i)};
  }
  const int behind = static_cast<int>(turn_.size());
  const auto known = names_.find(absl::string_view(id.data(), id.size()));
  if (known != names_.end()) return {known->second, std::string(id), behind};
  return {std::string(name), std::string(id), behind};
}

}  // namespace portolan::providers::gemini
