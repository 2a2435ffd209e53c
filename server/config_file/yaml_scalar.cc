// Plain scalars by YAML 1.2's core schema (chapter 10.3.2).

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "server/base/json_text.h"
#include "server/base/text.h"
#include "server/config_file/yaml_node.h"

namespace portolan::config {
namespace {

std::string_view TakeDigits(std::string_view* text) {
  const size_t size =
      static_cast<size_t>(std::find_if_not(text->begin(), text->end(), IsDigit) - text->begin());
  const std::string_view digits = text->substr(0, size);
  text->remove_prefix(size);
  return digits;
}

// `0o17` and `0x1F`, up to 64 bits.
bool AppendOctalOrHex(std::string_view text, std::string* json) {
  const bool hex = text.starts_with("0x");
  if (!hex && !text.starts_with("0o")) return false;
  text.remove_prefix(2);
  uint64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value, hex ? 16 : 8);
  if (error != std::errc() || stop != text.data() + text.size()) return false;
  json->append(std::to_string(value));
  return true;
}

// Decimal numbers; JSON wants digits on both sides of the point, and no others in front.
bool AppendDecimal(std::string_view text, std::string* json) {
  std::string number;
  if (text.starts_with('-')) number.push_back('-');
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  std::string_view whole = TakeDigits(&text);
  const bool point = text.starts_with('.');
  if (point) text.remove_prefix(1);
  const std::string_view fraction = point ? TakeDigits(&text) : std::string_view();
  if (whole.empty() && fraction.empty()) return false;
  while (whole.size() > 1 && whole[0] == '0') whole.remove_prefix(1);
  number.append(whole.empty() ? "0" : whole);
  if (!fraction.empty()) number.append(".").append(fraction);
  if (text.starts_with('e') || text.starts_with('E')) {
    number.push_back('e');
    text.remove_prefix(1);
    if (text.starts_with('-') || text.starts_with('+')) {
      number.push_back(text[0]);
      text.remove_prefix(1);
    }
    const std::string_view exponent = TakeDigits(&text);
    if (exponent.empty()) return false;
    number.append(exponent);
  }
  if (!text.empty()) return false;
  json->append(number);
  return true;
}

}  // namespace

bool AppendScalarJson(const YamlNode& node, std::string* json) {
  const std::string_view text = node.text;
  if (!node.quoted) {
    for (const std::string_view word : {"true", "True", "TRUE"}) {
      if (text == word) return json->append("true"), true;
    }
    for (const std::string_view word : {"false", "False", "FALSE"}) {
      if (text == word) return json->append("false"), true;
    }
    if (AppendOctalOrHex(text, json) || AppendDecimal(text, json)) return true;
    std::string_view bare = text;
    if (bare.starts_with('-') || bare.starts_with('+')) bare.remove_prefix(1);
    for (const std::string_view word : {".inf", ".Inf", ".INF"}) {
      if (bare == word) return false;
    }
    for (const std::string_view word : {".nan", ".NaN", ".NAN"}) {
      if (text == word) return false;
    }
  }
  AppendJsonString(text, json);
  return true;
}

}  // namespace portolan::config
