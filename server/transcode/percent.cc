#include "server/transcode/percent.h"

#include <algorithm>
#include <cstddef>

#include "server/base/text.h"
#include "server/base/utf8.h"

namespace portolan::transcode {

bool PercentDecode(std::string_view text, Plus plus, std::string* out) {
  const size_t begin = out->size();
  std::string spaced;
  if (plus == Plus::kSpace && text.find('+') != std::string_view::npos) {
    spaced = text;
    std::replace(spaced.begin(), spaced.end(), '+', ' ');
    text = spaced;
  }
  return AppendPercentDecoded(text, out) && IsUtf8(std::string_view(*out).substr(begin));
}

}  // namespace portolan::transcode
