#include "server/base/text.h"

#include <algorithm>

namespace portolan {

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = LowerCase(c);
  return lower;
}

std::vector<std::string_view> SplitList(std::string_view list) {
  std::vector<std::string_view> items;
  while (!list.empty()) {
    const std::string_view item = TakeListItem(&list);
    if (!item.empty()) items.push_back(item);
  }
  return items;
}

bool AppendPercentDecoded(std::string_view text, std::string* out) {
  out->reserve(out->size() + text.size());
  while (!text.empty()) {
    const size_t plain = std::min(text.find('%'), text.size());
    out->append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    const int high = text.size() < 3 ? -1 : HexValue(text[1]);
    const int low = high < 0 ? -1 : HexValue(text[2]);
    if (low < 0) return false;
    *out += static_cast<char>(high * 16 + low);
    text.remove_prefix(3);
  }
  return true;
}

}  // namespace portolan
