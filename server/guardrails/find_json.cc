#include "server/guardrails/find_json.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "server/base/text.h"
#include "server/guardrails/json_schema.h"

namespace portolan::guardrails {
namespace {

constexpr size_t kMaxValues = 100;
// Brackets that open nothing cost a search each: in all so many bytes for each of the text, and some more.
constexpr size_t kMaxPasses = 8;
constexpr size_t kFreeBytes = 1 << 16;

// The end of the object or array that `text` begins with, by its brackets; npos if it has none.
size_t EndOfBrackets(std::string_view text) {
  size_t open = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        quoted = false;
      }
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      ++open;
    } else if ((c == '}' || c == ']') && --open == 0) {
      return i + 1;
    }
  }
  return std::string_view::npos;
}

std::vector<nlohmann::json> InFences(std::string_view text) {
  constexpr std::string_view kFence = "```";
  std::vector<nlohmann::json> found;
  while (found.size() < kMaxValues) {
    const size_t open = text.find(kFence);
    if (open == std::string_view::npos) break;
    text.remove_prefix(open + kFence.size());
    const size_t close = text.find(kFence);
    if (close == std::string_view::npos) break;
    std::string_view block = text.substr(0, close);
    if (StartsWithIgnoreCase(block, "json")) block.remove_prefix(4);
    if (auto json = ParseJson(block)) found.push_back(*std::move(json));
    text.remove_prefix(close + kFence.size());
  }
  return found;
}

std::vector<nlohmann::json> InBrackets(std::string_view text) {
  std::vector<nlohmann::json> found;
  size_t left = kFreeBytes + kMaxPasses * text.size();
  while (found.size() < kMaxValues) {
    const size_t open = text.find_first_of("{[");
    if (open == std::string_view::npos) break;
    text.remove_prefix(open);
    const size_t end = EndOfBrackets(text);
    const size_t looked_at = std::min(end, text.size());
    if (looked_at > left) break;
    left -= looked_at;
    std::optional<nlohmann::json> json;
    if (end != std::string_view::npos) json = ParseJson(text.substr(0, end));
    text.remove_prefix(json ? end : 1);
    if (json) found.push_back(*std::move(json));
  }
  return found;
}

}  // namespace

std::vector<nlohmann::json> FindJson(std::string_view text) {
  if (auto whole = ParseJson(text)) return {*std::move(whole)};
  std::vector<nlohmann::json> found = InFences(text);
  return found.empty() ? InBrackets(text) : found;
}

}  // namespace portolan::guardrails
