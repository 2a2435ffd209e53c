#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace portolan::providers::echo {

// What a model name asks for: `echo` (or `echo/echo`), then any of `-slow[-MS]`, `-fail-STATUS`,
// `-cut[-CHUNKS]`.
struct Behavior {
  std::chrono::milliseconds delay{0};  // before the answer and before each further chunk
  int fail_status = 0;                 // answer with this error instead
  int cut_after = -1;                  // break the stream off after this many chunks
};

// nullopt for a name that cannot be read so.
std::optional<Behavior> ParseModel(std::string_view model);

}  // namespace portolan::providers::echo
