#include "tests/support/strict_json.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>

namespace portolan::test {
namespace {

using Kind = JsonNode::Kind;
constexpr int kMaxDepth = 2000;

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool Document(JsonNode* out) { return Value(out, 0) && (Blank(), at_ == text_.size()); }

 private:
  void Blank() {
    while (at_ < text_.size() && std::strchr(" \t\r\n", text_[at_]) != nullptr && text_[at_] != 0) ++at_;
  }
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool Take(char c) {
    Blank();
    if (Peek() != c) return false;
    ++at_;
    return true;
  }
  bool Word(std::string_view word, Kind kind, JsonNode* out) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    out->kind = kind;
    return true;
  }

  bool Value(JsonNode* out, int depth) {
    Blank();
    const size_t begin = at_;
    if (depth > kMaxDepth || !Any(out, depth)) return false;
    out->raw = text_.substr(begin, at_ - begin);
    return true;
  }

  bool Any(JsonNode* out, int depth) {
    switch (Peek()) {
      case '{':
        return Object(out, depth);
      case '[':
        return Array(out, depth);
      case '"':
        out->kind = Kind::kString;
        return String(&out->text);
      case 'n':
        return Word("null", Kind::kNull, out);
      case 't':
        return Word("true", Kind::kTrue, out);
      case 'f':
        return Word("false", Kind::kFalse, out);
      default:
        return Number(out);
    }
  }

  bool Object(JsonNode* out, int depth) {
    out->kind = Kind::kObject;
    ++at_;
    if (Take('}')) return true;
    do {
      Blank();
      out->items.emplace_back();
      out->names.emplace_back();
      if (!String(&out->names.back()) || !Take(':') || !Value(&out->items.back(), depth + 1)) return false;
    } while (Take(','));
    return Take('}');
  }

  bool Array(JsonNode* out, int depth) {
    out->kind = Kind::kArray;
    ++at_;
    if (Take(']')) return true;
    do {
      out->items.emplace_back();
      if (!Value(&out->items.back(), depth + 1)) return false;
    } while (Take(','));
    return Take(']');
  }

  size_t Digits() {
    const size_t begin = at_;
    while (Peek() >= '0' && Peek() <= '9') ++at_;
    return at_ - begin;
  }

  bool Number(JsonNode* out) {
    const size_t begin = at_;
    if (Peek() == '-') ++at_;
    const bool zero = Peek() == '0';
    const size_t digits = Digits();
    if (digits == 0 || (zero && digits > 1)) return false;
    if (Peek() == '.' && (++at_, Digits() == 0)) return false;
    if (Peek() == 'e' || Peek() == 'E') {
      ++at_;
      if (Peek() == '+' || Peek() == '-') ++at_;
      if (Digits() == 0) return false;
    }
    out->kind = Kind::kNumber;
    out->text = text_.substr(begin, at_ - begin);
    return true;
  }

  bool Hex(uint32_t* out) {
    if (at_ + 4 > text_.size()) return false;
    const std::string digits(text_.substr(at_, 4));
    char* end = nullptr;
    *out = static_cast<uint32_t>(std::strtoul(digits.c_str(), &end, 16));
    at_ += 4;
    return end == digits.c_str() + 4 && std::strchr("+- \t", digits[0]) == nullptr;
  }

  static void Append(uint32_t code, std::string* out) {
    const auto add = [out](uint32_t byte) { *out += static_cast<char>(byte); };
    if (code < 0x80) return add(code);
    if (code < 0x800) {
      add(0xc0 | code >> 6);
    } else if (code < 0x10000) {
      add(0xe0 | code >> 12);
      add(0x80 | (code >> 6 & 0x3f));
    } else {
      add(0xf0 | code >> 18);
      add(0x80 | (code >> 12 & 0x3f));
      add(0x80 | (code >> 6 & 0x3f));
    }
    add(0x80 | (code & 0x3f));
  }

  bool Unicode(std::string* out) {
    uint32_t code = 0;
    if (!Hex(&code)) return false;
    if (code >= 0xd800 && code < 0xdc00 && text_.substr(at_, 2) == "\\u") {
      const size_t before = at_;
      at_ += 2;
      uint32_t low = 0;
      if (!Hex(&low)) return false;
      if (low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
      } else {
        at_ = before;
      }
    }
    Append(code, out);
    return true;
  }

  bool String(std::string* out) {
    if (Peek() != '"') return false;
    for (++at_; at_ < text_.size();) {
      const char c = text_[at_++];
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c != '\\') {
        *out += c;
        continue;
      }
      const char escape = Peek();
      ++at_;
      static constexpr char kFrom[] = "\"\\/bfnrt";
      static constexpr char kTo[] = "\"\\/\b\f\n\r\t";
      if (escape == 'u') {
        if (!Unicode(out)) return false;
      } else if (const char* found = escape == 0 ? nullptr : std::strchr(kFrom, escape); found != nullptr) {
        *out += kTo[found - kFrom];
      } else {
        return false;
      }
    }
    return false;
  }

  std::string_view text_;
  size_t at_ = 0;
};

// Digits alone, and few enough for a 64-bit integer of either kind.
bool IsInteger(const std::string& text) {
  if (text.find_first_of(".eE") != std::string::npos) return false;
  const size_t sign = text[0] == '-' ? 1 : 0;
  const std::string_view limit = sign != 0 ? "9223372036854775808" : "18446744073709551615";
  const std::string_view digits = std::string_view(text).substr(sign);
  return digits.size() < limit.size() || (digits.size() == limit.size() && digits <= limit);
}

bool SameNumber(const std::string& a, const std::string& b) {
  if (IsInteger(a) && IsInteger(b)) return a == b;
  const double x = std::strtod(a.c_str(), nullptr);
  const double y = std::strtod(b.c_str(), nullptr);
  return std::memcmp(&x, &y, sizeof x) == 0;
}

std::string Short(const JsonNode& node) { return std::string(node.raw.substr(0, 120)); }

class Comparison {
 public:
  explicit Comparison(const std::set<std::string>* known) : known_(known) {}

  std::string Compare(const JsonNode& a, const JsonNode& b, const std::string& path) {
    const std::string where = (path.empty() ? "the value" : path) + ": ";
    if (a.kind != b.kind) return where + "expected " + Short(a) + ", got " + Short(b);
    if (a.kind == Kind::kObject) return Members(a, b, path, where);
    if (a.kind == Kind::kArray && a.items.size() != b.items.size()) {
      return where + std::to_string(a.items.size()) + " elements became " + std::to_string(b.items.size());
    }
    for (size_t i = 0; i < a.items.size(); ++i) {
      const std::string inner = path + "[" + std::to_string(i) + "]";
      if (std::string difference = Compare(a.items[i], b.items[i], inner); !difference.empty())
        return difference;
    }
    const bool same = a.kind == Kind::kNumber ? SameNumber(a.text, b.text) : a.text == b.text;
    return same ? "" : where + "expected " + Short(a) + ", got " + Short(b);
  }

 private:
  std::string Members(const JsonNode& a, const JsonNode& b, const std::string& path,
                      const std::string& where) {
    std::map<std::string, const JsonNode*> others;
    for (size_t i = 0; i < b.items.size(); ++i) {
      if (!others.emplace(b.names[i], &b.items[i]).second) return where + "twice \"" + b.names[i] + '"';
    }
    for (size_t i = 0; i < a.items.size(); ++i) {
      const auto other = others.find(a.names[i]);
      if (other == others.end()) return where + "member \"" + a.names[i] + "\" is missing";
      const std::string inner = path.empty() ? a.names[i] : path + "." + a.names[i];
      if (std::string difference = Compare(a.items[i], *other->second, inner); !difference.empty()) {
        return difference;
      }
      others.erase(other);
    }
    if (!others.empty()) return where + "member \"" + others.begin()->first + "\" was added";
    if (known_ != nullptr && Unknown(a) != Unknown(b)) return where + "the order of unknown members changed";
    return "";
  }

  std::vector<std::string> Unknown(const JsonNode& object) const {
    std::vector<std::string> names;
    for (const std::string& name : object.names) {
      if (!known_->contains(name)) names.push_back(name);
    }
    return names;
  }

  const std::set<std::string>* known_;
};

}  // namespace

const JsonNode* JsonNode::Find(std::string_view name) const {
  for (size_t i = names.size(); i > 0; --i) {
    if (names[i - 1] == name) return &items[i - 1];
  }
  return nullptr;
}

const JsonNode* JsonNode::At(std::string_view name, std::string_view inner) const {
  const JsonNode* member = Find(name);
  return member == nullptr ? nullptr : member->Find(inner);
}

std::optional<JsonNode> ParseJson(std::string_view json) {
  JsonNode root;
  if (!Reader(json).Document(&root)) return std::nullopt;
  return root;
}

std::string Difference(const JsonNode& expected, const JsonNode& actual, const std::set<std::string>* known) {
  return Comparison(known).Compare(expected, actual, "");
}

std::string Difference(std::string_view expected, std::string_view actual,
                       const std::set<std::string>* known) {
  const auto a = ParseJson(expected);
  const auto b = ParseJson(actual);
  if (!a) return "what is expected is not JSON";
  if (!b) return "not JSON: " + std::string(actual.substr(0, 200));
  return Difference(*a, *b, known);
}

}  // namespace portolan::test
