#include "providers/url_part.h"

#include <algorithm>

#include "server/base/text.h"

namespace portolan::providers {
namespace {

bool IsIn(std::string_view set, char c) {
  while (!set.empty()) {
    const bool range = set.size() >= 3 && set[1] == '-';
    if (c >= set[0] && c <= set[range ? 2 : 0]) return true;
    set.remove_prefix(range ? 3 : 1);
  }
  return false;
}

bool HasEnding(std::string_view value, std::string_view endings) {
  while (!endings.empty()) {
    const size_t end = std::min(endings.find('|'), endings.size());
    if (value.size() > end && value.ends_with(endings.substr(0, end))) return true;
    endings.remove_prefix(std::min(end + 1, endings.size()));
  }
  return false;
}

}  // namespace

bool Fits(const UrlPart& form, std::string_view value) {
  if (value.empty() || value.size() < form.least || value.size() > form.most) return false;
  if (!IsLetterOrDigit(value.front()) || !IsLetterOrDigit(value.back())) return false;
  if (value.find("..") != std::string_view::npos) return false;
  if (!std::all_of(value.begin(), value.end(), [&](char c) { return IsIn(form.characters, c); })) {
    return false;
  }
  return form.endings.empty() || HasEnding(value, form.endings);
}

}  // namespace portolan::providers
