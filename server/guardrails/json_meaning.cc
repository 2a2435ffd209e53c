#include "server/guardrails/json_meaning.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "server/base/text.h"
#include "server/base/utf8.h"

namespace portolan::guardrails {
namespace {

constexpr char32_t kReplacement = 0xfffd;

struct Escape {
  size_t bytes = 0;  // 0: it is not all there
  char32_t code = 0;
};

// The number of four hexadecimal digits. REQUIRES: text has so many bytes.
std::optional<char32_t> ReadHex(std::string_view text) {
  char32_t value = 0;
  for (const char c : text.substr(0, 4)) {
    const int digit = HexValue(c);
    if (digit < 0) return std::nullopt;
    value = value * 16 + static_cast<char32_t>(digit);
  }
  return value;
}

// Half a character wants the other half behind it.
Escape ReadPair(std::string_view text, char32_t high, bool is_end) {
  constexpr std::string_view kUnicode = "\\u";
  const std::string_view rest = text.substr(6);
  const std::string_view start = rest.substr(0, kUnicode.size());
  if (!kUnicode.starts_with(start)) return {6, kReplacement};
  if (rest.size() < 6) return {is_end ? size_t{6} : size_t{0}, kReplacement};
  const auto low = ReadHex(rest.substr(2));
  if (!low || *low < 0xdc00 || *low > 0xdfff) return {6, kReplacement};
  return {12, 0x10000 + ((high - 0xd800) << 10) + (*low - 0xdc00)};
}

// Reads the escape that `text` begins with (RFC 8259, section 7). What is none stands for its backslash.
Escape ReadEscape(std::string_view text, bool is_end) {
  constexpr Escape kNone = {1, '\\'};
  if (text.size() < 2) return is_end ? kNone : Escape{};
  constexpr std::string_view kLetters = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  const size_t letter = kLetters.find(text[1]);
  if (letter != std::string_view::npos) return {2, static_cast<char32_t>(kMeanings[letter])};
  if (text[1] != 'u') return kNone;
  if (text.size() < 6) return is_end ? kNone : Escape{};
  const auto code = ReadHex(text.substr(2));
  if (!code) return kNone;
  if (*code >= 0xd800 && *code < 0xdc00) return ReadPair(text, *code, is_end);
  return {6, *code >= 0xdc00 && *code < 0xe000 ? kReplacement : *code};
}

bool IsStructure(char c) {
  return IsSpace(c) || std::string_view("{}[],:").find(c) != std::string_view::npos;
}
bool EndsScalar(char c) { return c == '"' || IsStructure(c); }

}  // namespace

void JsonMeaning::Append(std::string_view json) {
  if (pending_.empty()) {
    Read(json, false);
  } else {
    const std::string whole = std::exchange(pending_, {}).append(json);
    Read(whole, false);
  }
}

void JsonMeaning::Finish() { Read(std::exchange(pending_, {}), true); }

void JsonMeaning::Read(std::string_view json, bool is_end) {
  while (!json.empty()) {
    if (in_ == In::kScalar && EndsScalar(json[0])) in_ = In::kStructure;
    size_t read = 0;
    switch (in_) {
      case In::kStructure:
        read = ReadStructure(json);
        break;
      case In::kString:
        read = ReadString(json, is_end);
        break;
      case In::kScalar:
        read = ReadScalar(json);
        break;
    }
    if (read == 0) break;
    origin_ += read;
    json.remove_prefix(read);
  }
  pending_ = json;
  text_.GoOnAt(origin_);
}

void JsonMeaning::BeginLine(size_t next) {
  if (any_) text_.AppendInstead("\n", origin_, next);
  any_ = true;
  text_.GoOnAt(next);
}

size_t JsonMeaning::ReadStructure(std::string_view rest) {
  if (IsStructure(rest[0])) {
    const auto* const end = std::find_if_not(rest.begin(), rest.end(), IsStructure);
    return static_cast<size_t>(end - rest.begin());
  }
  const bool is_string = rest[0] == '"';
  BeginLine(origin_ + (is_string ? 1 : 0));
  in_ = is_string ? In::kString : In::kScalar;
  return is_string ? 1 : ReadScalar(rest);
}

size_t JsonMeaning::ReadString(std::string_view rest, bool is_end) {
  if (rest[0] == '"') {
    in_ = In::kStructure;
    return 1;
  }
  if (rest[0] != '\\') {
    const std::string_view plain = rest.substr(0, rest.find_first_of("\"\\"));
    text_.Append(plain);
    return plain.size();
  }
  const Escape escape = ReadEscape(rest, is_end);
  if (escape.bytes == 0) return 0;
  std::string character;
  AppendUtf8(escape.code, &character);
  text_.AppendInstead(character, origin_, origin_ + escape.bytes);
  return escape.bytes;
}

size_t JsonMeaning::ReadScalar(std::string_view rest) {
  const auto* const end = std::find_if(rest.begin(), rest.end(), EndsScalar);
  const auto length = static_cast<size_t>(end - rest.begin());
  text_.Append(rest.substr(0, length));
  return length;
}

std::string MeaningOfJson(std::string_view json) {
  JsonMeaning meaning;
  meaning.Append(json);
  meaning.Finish();
  return std::string(meaning.text().text());
}

}  // namespace portolan::guardrails
