#include "server/guardrails/pattern_shape.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "server/base/text.h"
#include "server/base/utf8.h"
#include "server/guardrails/text_search.h"

namespace portolan::guardrails {
namespace {

// Nothing longer than this is worth a number: it is the largest window there is.
constexpr size_t kMost = 65'536;
constexpr size_t kNoBound = kMost + 1;

constexpr char32_t kLastCode = 0x10ffff;

// What a part of an expression matches.
struct Part {
  size_t longest = 0;  // up to kNoBound
  ByteSet bytes = {};
  ByteSet first = {};
  bool may_be_empty = true;
  std::optional<std::string> only = std::string();  // the one text that it matches; nullopt: there are more
  std::string needed = {};                          // a text that stands in every match
};

Part OneOf(const ByteSet& bytes) { return {1, bytes, bytes, false, std::nullopt}; }

// Keeps of two texts the one that is found in fewer others.
void KeepRarer(std::string text, std::string* best) {
  const auto worth = [](const std::string& of) {
    return of.empty() ? std::pair(-1, size_t{0}) : std::pair(RarityOf(of[RarestIn(of)]), of.size());
  };
  if (worth(text) > worth(*best)) *best = std::move(text);
}

// A member of a class. What is in it for sure counts where a class is the complement.
struct Member {
  ByteSet bytes;
  ByteSet surely;
  std::optional<char32_t> code = std::nullopt;  // of a single character
};

Member Single(char32_t code) { return {BytesOf(code, code), BytesOf(code, code), code}; }
Member AnyOf(const ByteSet& bytes) { return {bytes, bytes}; }

ByteSet Complement(const ByteSet& surely) { return ~surely | BytesOf(0x80, kLastCode); }
ByteSet Digits() { return BytesOf('0', '9'); }
ByteSet WordCharacters() { return Digits() | BytesOf('A', 'Z') | BytesOf('a', 'z') | BytesOf('_', '_'); }

// With every letter the same in the other case. Beyond ASCII there are a long s and the sign for kelvins.
ByteSet InBothCases(ByteSet bytes) {
  const ByteSet before = bytes;
  for (size_t c = 'a'; c <= 'z'; ++c) {
    const size_t capital = c - 'a' + 'A';
    const bool is_beyond = before[0x80] && (c == 's' || c == 'k');
    if (before[c] || before[capital] || is_beyond) bytes.set(c).set(capital);
  }
  return before['k'] || before['K'] || before['s'] || before['S'] ? bytes | BytesOf(0x80, kLastCode) : bytes;
}

// Reads what CompilePattern() has made of an expression and RE2 has accepted
// (https://github.com/google/re2/wiki/Syntax), so that it need not find mistakes, only what may match.
// nullopt throughout: not understood.
class Reader {
 public:
  explicit Reader(const RE2& pattern)
      : in_(pattern.pattern()), ignores_case_(!pattern.options().case_sensitive()) {}

  std::optional<Part> Read() {
    std::optional<Part> part = Alternatives();
    if (!part || at_ < in_.size()) return std::nullopt;
    if (ignores_case_) {
      part->bytes = InBothCases(part->bytes);
      part->first = InBothCases(part->first);
      if (std::ranges::any_of(part->needed, IsLetter)) part->needed.clear();
    }
    return part;
  }

 private:
  bool Next(std::string_view text) {
    if (!in_.substr(at_).starts_with(text)) return false;
    at_ += text.size();
    return true;
  }
  bool AtEndOfSequence() const { return at_ == in_.size() || in_[at_] == '|' || in_[at_] == ')'; }

  std::optional<Part> Alternatives() {
    std::optional<Part> all = Sequence();
    while (all && Next("|")) {
      const std::optional<Part> one = Sequence();
      if (!one) return std::nullopt;
      all->only = std::nullopt;
      if (all->needed != one->needed) all->needed.clear();
      all->longest = std::max(all->longest, one->longest);
      all->bytes |= one->bytes;
      all->first |= one->first;
      all->may_be_empty |= one->may_be_empty;
    }
    return all;
  }

  std::optional<Part> Sequence() {
    Part all;
    std::string run;  // what stands together in every match
    while (!AtEndOfSequence()) {
      std::optional<Part> one = Item();
      if (!one || !Repeat(&*one)) return std::nullopt;
      if (one->only) {
        run += *one->only;
        if (all.only) *all.only += *one->only;
      } else {
        all.only = std::nullopt;
        KeepRarer(std::exchange(run, {}), &all.needed);
        KeepRarer(std::move(one->needed), &all.needed);
      }
      all.longest = std::min(all.longest + one->longest, kNoBound);
      all.bytes |= one->bytes;
      if (all.may_be_empty) all.first |= one->first;
      all.may_be_empty &= one->may_be_empty;
    }
    KeepRarer(std::move(run), &all.needed);
    return all;
  }

  std::optional<Part> Item() {
    switch (in_[at_]) {
      case '(':
        return ParenthesizedPart();
      case '[':
        return Class();
      case '\\':
        if (Next("\\b") || Next("\\B")) return Part{};
        break;
      case '.':
        ++at_;
        return OneOf(BytesOf(0, kLastCode));
      case '^':
      case '$':
      case '*':
      case '+':
      case '?':
      case '{':
        return std::nullopt;
      default:
        break;
    }
    const std::optional<Member> one = Character();
    if (!one) return std::nullopt;
    Part part = OneOf(one->bytes);
    if (one->code && *one->code < 0x80)
      part.only = part.needed = std::string(1, static_cast<char>(*one->code));
    return part;
  }

  std::optional<Part> ParenthesizedPart() {
    ++at_;
    if (Next("?")) {
      if (Next("P<")) {
        const size_t close = in_.find('>', at_);
        if (close == std::string_view::npos) return std::nullopt;
        at_ = close + 1;
      } else {
        // Without a colon flags hold for the rest of the group around them; here for everything.
        for (; at_ < in_.size() && (IsLetter(in_[at_]) || in_[at_] == '-'); ++at_) {
          ignores_case_ |= in_[at_] == 'i';
        }
        if (Next(")")) return Part{};
        if (!Next(":")) return std::nullopt;
      }
    }
    const std::optional<Part> inner = Alternatives();
    return inner && Next(")") ? inner : std::nullopt;
  }

  std::optional<Part> Class() {
    ++at_;
    const bool is_complement = Next("^");
    // In this place a bracket stands for itself, which CompilePattern() does not write.
    if (in_.substr(at_).starts_with("]")) return std::nullopt;
    ByteSet bytes;
    ByteSet surely;
    while (!Next("]")) {
      const std::optional<Member> one = MemberOrRange();
      if (!one) return std::nullopt;
      bytes |= one->bytes;
      surely |= one->surely;
    }
    return OneOf(is_complement ? Complement(surely) : bytes);
  }

  std::optional<Member> MemberOrRange() {
    if (at_ == in_.size() || in_[at_] == '[') return std::nullopt;
    const std::optional<Member> low = Character();
    const std::string_view rest = in_.substr(at_);
    if (!low || !low->code || !rest.starts_with("-") || rest.starts_with("-]")) return low;
    ++at_;
    if (at_ == in_.size()) return std::nullopt;
    const std::optional<Member> high = Character();
    if (!high || !high->code) return std::nullopt;
    return AnyOf(BytesOf(*low->code, *high->code));
  }

  // A character that stands for itself, or an escape.
  std::optional<Member> Character() {
    if (in_[at_] == '\\') return Escape();
    const size_t bytes = Utf8Length(in_.substr(at_));
    if (bytes == 0) return std::nullopt;
    const char c = in_[at_];
    at_ += bytes;
    // Of those beyond ASCII it is enough to know that they are.
    if (bytes > 1) return Single(kLastCode);
    return Single(static_cast<unsigned char>(c));
  }

  std::optional<Member> Escape() {
    if (at_ + 1 >= in_.size()) return std::nullopt;
    const char c = in_[at_ + 1];
    at_ += 2;
    const Member anything = {BytesOf(0, kLastCode), {}};
    switch (c) {
      case 'd':
        return AnyOf(Digits());
      case 'D':
        return AnyOf(Complement(Digits()));
      case 'w':
        return AnyOf(WordCharacters());
      case 'W':
        return AnyOf(Complement(WordCharacters()));
      case 'S':
        return anything;
      case 'p':
      case 'P':
        return Braced() ? std::optional(anything) : std::nullopt;
      case 'x':
        return HexCode();
      default:
        break;
    }
    constexpr std::string_view kNames = "fnrtv";
    constexpr std::string_view kNamed = "\f\n\r\t\v";
    const size_t name = kNames.find(c);
    if (name != std::string_view::npos) return Single(static_cast<unsigned char>(kNamed[name]));
    if (IsLetterOrDigit(c) || static_cast<unsigned char>(c) >= 0x80) return std::nullopt;
    return Single(static_cast<unsigned char>(c));
  }

  // What stands in braces, which come next.
  std::optional<std::string_view> Braced() {
    const size_t close = in_.find('}', at_);
    if (!Next("{") || close == std::string_view::npos) return std::nullopt;
    const std::string_view inside = in_.substr(at_, close - at_);
    at_ = close + 1;
    return inside;
  }

  std::optional<Member> HexCode() {
    std::string_view digits = in_.substr(at_, 2);
    if (digits.starts_with("{")) {
      const auto inside = Braced();
      if (!inside) return std::nullopt;
      digits = *inside;
    } else {
      at_ += digits.size();
    }
    char32_t code = 0;
    for (const char digit : digits) {
      if (HexValue(digit) < 0 || code > kLastCode) return std::nullopt;
      code = code * 16 + static_cast<char32_t>(HexValue(digit));
    }
    return Single(code);
  }

  // What becomes of a part by the repetition behind it. False: not understood.
  bool Repeat(Part* part) {
    const size_t before = at_;
    if (!ReadRepeat(part)) return false;
    if (at_ > before) part->only = std::nullopt;
    if (part->may_be_empty) part->needed.clear();
    return true;
  }

  bool ReadRepeat(Part* part) {
    if (Next("*")) {
      part->longest = kNoBound;
      part->may_be_empty = true;
    } else if (Next("+")) {
      part->longest = kNoBound;
    } else if (Next("?")) {
      part->may_be_empty = true;
    } else if (Next("{")) {
      const auto least = Number();
      if (!least) return false;
      size_t most = *least;
      if (Next(",")) most = in_.substr(at_).starts_with("}") ? kNoBound : Number().value_or(kNoBound);
      if (!Next("}")) return false;
      part->longest = std::min(part->longest * most, kNoBound);
      part->may_be_empty |= *least == 0;
    } else {
      return true;
    }
    Next("?");
    return true;
  }

  std::optional<size_t> Number() {
    const size_t begin = at_;
    size_t number = 0;
    while (at_ < in_.size() && IsDigit(in_[at_]) && number <= kMost) {
      number = number * 10 + static_cast<size_t>(in_[at_++] - '0');
    }
    return at_ > begin && number <= kMost ? std::optional(number) : std::nullopt;
  }

  std::string_view in_;
  bool ignores_case_;
  size_t at_ = 0;
};

}  // namespace

std::string NeededBy(const Pattern& pattern) {
  const auto part = pattern == nullptr ? std::nullopt : Reader(*pattern).Read();
  return part ? part->needed : std::string();
}

MatchShape ShapeOf(const Pattern& pattern) {
  const auto part = pattern == nullptr ? std::nullopt : Reader(*pattern).Read();
  if (!part) return {};
  return {part->longest < kNoBound ? std::optional(part->longest) : std::nullopt, part->bytes, part->first};
}

}  // namespace portolan::guardrails
