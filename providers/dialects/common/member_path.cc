#include "providers/dialects/common/member_path.h"

namespace portolan::providers {

std::string MemberPath::ToString() const {
  std::string text;
  if (parent != nullptr) {
    text = parent->ToString();
    text += '.';
  }
  text += member;
  if (index >= 0) {
    text += '[';
    text += std::to_string(index);
    text += ']';
  }
  return text;
}

}  // namespace portolan::providers
