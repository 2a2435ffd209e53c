#pragma once

// What Google's models take, as far as the translation has to know, and how they are named.

#include <cstdint>
#include <string>
#include <string_view>

namespace portolan::providers::gemini {

struct ModelTraits {
  enum class Thinking : uint8_t {
    kNone,    // cannot be told anything about it
    kBudget,  // so many tokens; a level is an error
    kLevel,   // a level, or for older callers a budget
  };
  Thinking thinking = Thinking::kLevel;
  bool level_minimal = true;
  bool level_medium = true;
  int64_t least_budget = 0;  // 0: it need not think at all
  int64_t most_budget = 0;   // 0: not known
  // Calls have ids, and the first call of a step goes back with its signature or not at all.
  bool calls_are_signed = true;
};

// By the model's name: `gemini-VERSION-FAMILY`, with or without a folder before it. A name without a version
// (`gemini-flash-latest`) is taken for the newest. Source: ai.google.dev/gemini-api/docs/thinking and
// /thought-signatures, 2026-11.
ModelTraits TraitsOf(std::string_view model);

// The name with its folder: `models/gemini-2.5-pro`; `tunedModels/mine` stays as it is.
std::string ResourceName(std::string_view model);

}  // namespace portolan::providers::gemini
