#pragma once

#include <string>
#include <string_view>

namespace portolan::providers {

// Where something is in the request, as a chain on the stack. It becomes text only when something is wrong
// there.
//
//   MemberPath message{nullptr, "messages", 2};
//   MemberPath part{&message, "content", 0};
//   part.ToString();  // messages[2].content[0]
struct MemberPath {
  const MemberPath* parent = nullptr;  // outlives this
  std::string_view member;
  int index = -1;  // of the element, if the member is an array

  std::string ToString() const;
};

}  // namespace portolan::providers
