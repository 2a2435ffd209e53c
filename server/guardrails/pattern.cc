#include "server/guardrails/pattern.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "server/base/text.h"

namespace portolan::guardrails {
namespace {

// Holds compiled programs and what RE2 caches of them while it searches.
constexpr int64_t kMaxPatternMemory = 1 << 20;

// WhiteSpace and LineTerminator of ECMA-262, sections 12.2 and 12.3, as members of a class. A range is last,
// so that a dash behind it is one.
constexpr std::string_view kBlanks =
    R"( \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}\t-\r)";

std::optional<uint32_t> ReadHex(std::string_view text) {
  if (text.empty() || text.size() > 6) return std::nullopt;
  uint32_t value = 0;
  for (const char c : text) {
    const int digit = HexValue(c);
    if (digit < 0) return std::nullopt;
    value = value * 16 + static_cast<uint32_t>(digit);
  }
  return value;
}

// RE2 knows general categories by their short names alone.
struct Category {
  std::string_view name;
  std::string_view short_name;
};
constexpr std::array<Category, 18> kCategories = {{{"Letter", "L"},
                                                   {"Lowercase_Letter", "Ll"},
                                                   {"Uppercase_Letter", "Lu"},
                                                   {"Titlecase_Letter", "Lt"},
                                                   {"Modifier_Letter", "Lm"},
                                                   {"Other_Letter", "Lo"},
                                                   {"Mark", "M"},
                                                   {"Number", "N"},
                                                   {"Decimal_Number", "Nd"},
                                                   {"digit", "Nd"},
                                                   {"Letter_Number", "Nl"},
                                                   {"Punctuation", "P"},
                                                   {"punct", "P"},
                                                   {"Symbol", "S"},
                                                   {"Currency_Symbol", "Sc"},
                                                   {"Math_Symbol", "Sm"},
                                                   {"Separator", "Z"},
                                                   {"Space_Separator", "Zs"}}};

// Turns the expression into RE2's spelling.
class Rewriter {
 public:
  explicit Rewriter(std::string_view in) : in_(in) {}

  bool Run(std::string* out, std::string* problem) {
    while (at_ < in_.size()) {
      const bool ok = in_[at_] == '\\' ? Escape() : Plain();
      if (!ok) {
        *problem = problem_;
        return false;
      }
    }
    *out = std::move(out_);
    return true;
  }

 private:
  std::string_view Rest(size_t from = 0) const { return in_.substr(std::min(at_ + from, in_.size())); }

  bool Copy(size_t bytes) {
    out_.append(in_.substr(at_, bytes));
    at_ += bytes;
    return true;
  }
  bool Put(std::string_view text, size_t consumed) {
    out_.append(text);
    at_ += consumed;
    return true;
  }
  bool Refuse(std::string_view why) {
    problem_ = why;
    return false;
  }

  bool Plain() {
    const char c = in_[at_];
    if (in_class_) {
      if (c == ']') in_class_ = false;
      // In JavaScript a bracket in a class is itself; RE2 would take `[:` for the name of a class.
      return c == '[' ? Put("\\[", 1) : Copy(1);
    }
    if (c == '[') {
      if (Rest().starts_with("[^]")) return Put(R"([\x00-\x{10ffff}])", 3);
      if (Rest().starts_with("[]")) return Put(R"([^\x00-\x{10ffff}])", 2);
      in_class_ = true;
      return Copy(Rest().starts_with("[^") ? 2 : 1);
    }
    if (c != '(' || !Rest().starts_with("(?")) return Copy(1);
    const std::string_view group = Rest(2);
    if (group.starts_with("=") || group.starts_with("!") || group.starts_with("<=") ||
        group.starts_with("<!")) {
      return Refuse("look-around is not supported: it takes more than linear time");
    }
    return group.starts_with("<") ? Put("(?P<", 3) : Copy(2);
  }

  bool Escape() {
    if (at_ + 1 == in_.size()) return Refuse("it ends in a backslash");
    const char c = in_[at_ + 1];
    switch (c) {
      case '/':
      case '_':
        return Put(std::string_view(&c, 1), 2);
      case 's':
        if (in_class_) return Put(kBlanks, 2);
        return Put("[" + std::string(kBlanks) + "]", 2);
      case 'S':
        // A class takes no complement inside; there RE2's own is near.
        if (in_class_) return Copy(2);
        return Put("[^" + std::string(kBlanks) + "]", 2);
      case 'b':
        return in_class_ ? Put("\\x08", 2) : Copy(2);
      case 'p':
      case 'P':
        return Property();
      case 'u':
        return Unicode();
      case 'c':
        if (at_ + 2 == in_.size() || !IsLetter(in_[at_ + 2])) return Refuse("\\c wants a letter behind it");
        return PutCode(static_cast<uint32_t>(in_[at_ + 2]) % 32, 3);
      case '0':
        if (at_ + 2 < in_.size() && IsDigit(in_[at_ + 2])) return Refuse("octal escapes are not supported");
        return PutCode(0, 2);
      case 'k':
        return Refuse("back-references are not supported: they take more than linear time");
      default:
        if (IsDigit(c)) {
          return Refuse("back-references are not supported: they take more than linear time");
        }
        return EscapedByRe2(c);
    }
  }

  // RE2 gives letters a meaning that JavaScript does not know.
  bool EscapedByRe2(char c) {
    constexpr std::string_view kSame = "BDWdfnrtvwx";
    if (IsLetter(c) && kSame.find(c) == std::string_view::npos) {
      return Refuse(std::string("\\") + c + " is no escape");
    }
    if (static_cast<unsigned char>(c) >= 0x80) return Put("", 1);
    return Copy(2);
  }

  // `\p{L}`, `\p{Letter}`, `\p{gc=L}`, `\p{Script=Greek}`.
  bool Property() {
    const size_t close = Rest(2).starts_with("{") ? in_.find('}', at_) : std::string_view::npos;
    if (close == std::string_view::npos) return Refuse("\\p wants a property in braces");
    std::string_view name = in_.substr(at_ + 3, close - at_ - 3);
    for (const std::string_view kind : {"gc=", "General_Category=", "sc=", "Script="}) {
      if (name.starts_with(kind)) name.remove_prefix(kind.size());
    }
    for (const Category& category : kCategories) {
      if (name == category.name) name = category.short_name;
    }
    return Put(std::string(in_.substr(at_, 3)) + std::string(name) + "}", close + 1 - at_);
  }

  bool Unicode() {
    if (Rest(2).starts_with("{")) {
      const size_t close = in_.find('}', at_);
      if (close == std::string_view::npos) return Refuse("\\u{ has no }");
      const auto code = ReadHex(in_.substr(at_ + 3, close - at_ - 3));
      if (!code || *code > 0x10ffff) return Refuse("\\u{…} wants a code point");
      return PutCode(*code, close + 1 - at_);
    }
    auto code = Rest(2).size() < 4 ? std::nullopt : ReadHex(Rest(2).substr(0, 4));
    if (!code) return Refuse("\\u wants four hexadecimal digits");
    size_t consumed = 6;
    if (*code >= 0xd800 && *code < 0xdc00 && Rest(6).starts_with("\\u") && Rest(8).size() >= 4) {
      const auto low = ReadHex(Rest(8).substr(0, 4));
      if (low && *low >= 0xdc00 && *low < 0xe000) {
        code = 0x10000 + ((*code - 0xd800) << 10) + (*low - 0xdc00);
        consumed = 12;
      }
    }
    if (*code >= 0xd800 && *code < 0xe000) return Refuse("\\u names half a character");
    return PutCode(*code, consumed);
  }

  bool PutCode(uint32_t code, size_t consumed) {
    constexpr char kHex[] = "0123456789abcdef";
    std::string digits;
    do {
      digits.insert(digits.begin(), kHex[code % 16]);
    } while ((code /= 16) != 0);
    return Put("\\x{" + digits + "}", consumed);
  }

  std::string_view in_;
  std::string out_;
  std::string problem_;
  size_t at_ = 0;
  bool in_class_ = false;
};

// RE2's words with its own text quoted would show the expression.
std::string_view WhyNot(RE2::ErrorCode code) {
  switch (code) {
    case RE2::ErrorBadEscape:
      return "it has an escape that is none";
    case RE2::ErrorBadCharClass:
    case RE2::ErrorBadCharRange:
      return "it has a character class that is none";
    case RE2::ErrorMissingBracket:
      return "a ] is missing";
    case RE2::ErrorMissingParen:
    case RE2::ErrorUnexpectedParen:
      return "its parentheses do not match";
    case RE2::ErrorTrailingBackslash:
      return "it ends in a backslash";
    case RE2::ErrorRepeatArgument:
    case RE2::ErrorRepeatOp:
      return "a repetition has nothing to repeat";
    case RE2::ErrorRepeatSize:
      return "a repetition counts to more than 1000, or from more to less";
    case RE2::ErrorBadPerlOp:
      return "it has a group (?…) of a kind that is not known";
    case RE2::ErrorBadUTF8:
      return "it is no UTF-8";
    case RE2::ErrorBadNamedCapture:
      return "the name of a group is none, or there twice";
    case RE2::ErrorPatternTooLarge:
      return "it comes to more states than are allowed";
    default:
      return "it cannot be compiled";
  }
}

}  // namespace

Pattern CompilePattern(std::string_view expression, const PatternFlags& flags, std::string* problem) {
  if (expression.size() > kMaxPatternBytes) {
    *problem = "the pattern is longer than " + std::to_string(kMaxPatternBytes) + " bytes";
    return nullptr;
  }
  std::string spelling;
  std::string why;
  if (!Rewriter(expression).Run(&spelling, &why)) {
    *problem = "the pattern cannot be used: " + why;
    return nullptr;
  }
  // RE2 reads these for the whole expression only with POSIX syntax.
  if (flags.multi_line || flags.dot_all) {
    spelling.insert(0, flags.multi_line ? (flags.dot_all ? "(?ms)" : "(?m)") : "(?s)");
  }
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxPatternMemory);
  options.set_case_sensitive(!flags.ignore_case);
  auto compiled = std::make_shared<const RE2>(spelling, options);
  if (compiled->ok()) return compiled;
  *problem = "the pattern cannot be used: " + std::string(WhyNot(compiled->error_code()));
  return nullptr;
}

Pattern CompileDelimited(std::string_view text, std::string* problem) {
  const size_t close = text.rfind('/');
  if (!text.starts_with('/') || close == 0) return CompilePattern(text, {}, problem);
  PatternFlags flags;
  for (const char flag : text.substr(close + 1)) {
    switch (flag) {
      case 'i':
        flags.ignore_case = true;
        break;
      case 'm':
        flags.multi_line = true;
        break;
      case 's':
        flags.dot_all = true;
        break;
      case 'g':
      case 'u':
      case 'v':
      case 'y':
      case 'd':
        break;
      default:
        // Not flags: an expression that has slashes.
        return CompilePattern(text, {}, problem);
    }
  }
  return CompilePattern(text.substr(1, close - 1), flags, problem);
}

}  // namespace portolan::guardrails
