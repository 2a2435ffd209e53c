#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace portolan {

// A credential. It has no operator<<, no conversion and no comparison: the only way to its text is Reveal(),
// so a search for that word finds every place that could leak one.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}

  bool empty() const { return text_.empty(); }
  std::string_view Reveal() const { return text_; }

  // Whether both are the same text. How long that takes does not depend on where they differ.
  bool EqualsInConstantTime(std::string_view other) const;

 private:
  std::string text_;
};

}  // namespace portolan
