#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace portolan::providers::echo {

// How a model is to behave. `echo` (or `echo/echo`) may be followed by any of `-slow[-MS]`, `-fail[-STATUS]`,
// `-cut[-CHUNKS]`; a model of any other name answers at once and completely.
struct Behavior {
  std::chrono::milliseconds delay{0};  // before the answer and before each further chunk
  int fail_status = 0;                 // answer with this error instead
  int cut_after = -1;                  // break the stream off after this many chunks
};

// nullopt for an empty name, and for one that begins with `echo-` and goes on with something else.
std::optional<Behavior> ParseModel(std::string_view model);

}  // namespace portolan::providers::echo
