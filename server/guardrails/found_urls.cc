#include "server/guardrails/found_urls.h"

#include <algorithm>

namespace portolan::guardrails {
namespace {

constexpr std::string_view kEnds = " \t\r\n\f\v<>\"`{}|\\^";
// Longer ones are no URLs that are asked.
constexpr size_t kLongest = 4097;
constexpr std::string_view kMarks = ".,;:!?'*_~";

std::string_view Trimmed(std::string_view url) {
  const bool round = url.find('(') != std::string_view::npos;
  const bool square = url.find('[') != std::string_view::npos;
  const auto is_mark = [&](char c) {
    return kMarks.find(c) != std::string_view::npos || (c == ')' && !round) || (c == ']' && !square);
  };
  while (!url.empty() && is_mark(url.back())) url.remove_suffix(1);
  return url;
}

std::string Encoded(std::string_view url, size_t host) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  const size_t path = std::min(url.find_first_of("/?#", host), url.size());
  std::string encoded(url.substr(0, path));
  for (const char c : url.substr(path)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      encoded += c;
      continue;
    }
    encoded += '%';
    encoded += kDigits[byte >> 4];
    encoded += kDigits[byte & 0xf];
  }
  return encoded;
}

}  // namespace

std::vector<std::string> FindUrls(std::string_view text, size_t most) {
  std::vector<std::string> urls;
  for (size_t at = 0; urls.size() < most && (at = text.find("http", at)) != std::string_view::npos;) {
    std::string_view url = text.substr(at);
    const size_t host = url.starts_with("https://") ? 8 : url.starts_with("http://") ? 7 : 0;
    if (host == 0) {
      at += 4;
      continue;
    }
    url = url.substr(0, url.find_first_of(kEnds));
    at += url.size();
    url = Trimmed(url.substr(0, kLongest));
    if (url.size() <= host) continue;
    std::string encoded = Encoded(url, host);
    if (std::find(urls.begin(), urls.end(), encoded) == urls.end()) urls.push_back(std::move(encoded));
  }
  return urls;
}

}  // namespace portolan::guardrails
