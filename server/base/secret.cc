#include "server/base/secret.h"

#include <cstddef>

namespace portolan {

bool Secret::EqualsInConstantTime(std::string_view other) const {
  // Runs over the caller's text, whose length the caller knows anyway, so that the time does not depend on
  // the secret's length.
  unsigned difference = text_.size() == other.size() ? 0u : 1u;
  for (size_t i = 0; i < other.size(); ++i) {
    const char mine = text_.empty() ? '\0' : text_[i % text_.size()];
    difference |= static_cast<unsigned char>(mine ^ other[i]);
  }
  return difference == 0 && !text_.empty();
}

}  // namespace portolan
