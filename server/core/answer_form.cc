#include "server/core/answer_form.h"

#include <algorithm>
#include <array>

namespace portolan::core {
namespace {

// The fields of an event; a comment begins with the colon itself.
constexpr std::array<std::string_view, 5> kFields = {"data", "event", "id", "retry", ""};

}  // namespace

BodyForm FormOf(std::string_view begin) {
  if (kByteOrderMark.starts_with(begin)) return BodyForm::kUnknown;
  if (begin.starts_with(kByteOrderMark)) begin.remove_prefix(kByteOrderMark.size());
  begin.remove_prefix(std::min(begin.find_first_not_of(" \t\r\n"), begin.size()));
  if (begin.empty()) return BodyForm::kUnknown;
  if (begin.front() == '{' || begin.front() == '[') return BodyForm::kJson;
  const size_t end = begin.find_first_of(":\r\n");
  const std::string_view name = begin.substr(0, end);
  if (end == std::string_view::npos) {
    const bool may_become = std::any_of(kFields.begin(), kFields.end(),
                                        [&](std::string_view field) { return field.starts_with(name); });
    return may_become ? BodyForm::kUnknown : BodyForm::kOther;
  }
  const bool is_field = std::find(kFields.begin(), kFields.end(), name) != kFields.end();
  return is_field ? BodyForm::kEvents : BodyForm::kOther;
}

}  // namespace portolan::core
