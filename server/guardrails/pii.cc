#include "server/guardrails/pii.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "server/base/ip.h"
#include "server/base/text.h"
#include "server/guardrails/pattern.h"
#include "server/guardrails/pattern_shape.h"

namespace portolan::guardrails {
namespace {

// How many characters an IBAN of each country has: the registry of ISO 13616.
constexpr std::array<std::pair<std::string_view, size_t>, 50> kIbanLengths = {
    {{"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16}, {"BG", 22},
     {"BH", 22}, {"BR", 29}, {"CH", 21}, {"CR", 22}, {"CY", 28}, {"CZ", 24}, {"DE", 22}, {"DK", 18},
     {"DO", 28}, {"EE", 20}, {"ES", 24}, {"FI", 18}, {"FR", 27}, {"GB", 22}, {"GE", 22}, {"GI", 23},
     {"GR", 27}, {"HR", 21}, {"HU", 28}, {"IE", 22}, {"IL", 23}, {"IS", 26}, {"IT", 27}, {"KW", 30},
     {"KZ", 20}, {"LB", 28}, {"LI", 21}, {"LT", 20}, {"LU", 20}, {"LV", 21}, {"MC", 27}, {"MD", 24},
     {"MT", 31}, {"NL", 18}, {"NO", 15}, {"PL", 28}, {"PT", 25}, {"RO", 24}, {"SA", 24}, {"SE", 24},
     {"SI", 19}, {"TR", 26}}};

bool IsWordChar(char c) { return IsLetterOrDigit(c) || c == '_'; }

size_t CountDigits(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), IsDigit));
}

// Social Security numbers of the United States: no area 000, 666 or 9xx, no group 00, no serial 0000 (SSA,
// "Social Security Number Randomization").
bool IsSsn(std::string_view text) {
  return text.substr(0, 3) != "000" && text.substr(0, 3) != "666" && text[0] != '9' &&
         text.substr(4, 2) != "00" && text.substr(7) != "0000";
}

// The rest is told by its pattern. What comes out is how much of the candidate is one.
size_t EmailLength(std::string_view text) {
  // Labels with a dot between, two at least, the last of letters.
  const size_t at = text.find('@');
  size_t length = 0;
  for (size_t begin = at + 1, labels = 1; begin < text.size(); ++labels) {
    const size_t end = std::min(text.find('.', begin), text.size());
    const std::string_view label = text.substr(begin, end - begin);
    if (label.empty()) break;
    const bool letters = std::all_of(label.begin(), label.end(), IsLetter);
    if (labels > 1 && letters && label.size() >= 2 && label.size() <= 24) length = end;
    begin = end + 1;
  }
  return length;
}
size_t CardLength(std::string_view text) {
  // Behind its groups there may stand others: until when it is valid, the code of its back.
  size_t length = text.size();
  while (CountDigits(text.substr(0, length)) >= 13) {
    if (HasLuhnDigit(text.substr(0, length))) return length;
    length = text.find_last_of(" -", length - 1);
    if (length == std::string_view::npos) break;
  }
  return 0;
}
size_t PhoneLength(std::string_view text) {
  // At most 15 digits (ITU-T E.164).
  const size_t digits = CountDigits(text);
  return digits >= 8 && digits <= 15 ? text.size() : 0;
}
size_t SsnLength(std::string_view text) { return IsSsn(text) ? text.size() : 0; }
size_t IpLength(std::string_view text) {
  // `a::b` is how programs name things.
  const bool plausible =
      CountDigits(text) > 0 && (text.find('.') != std::string_view::npos || text.size() > 4);
  if (!plausible) return 0;
  while (text.ends_with('.') || (text.ends_with(':') && !text.ends_with("::"))) text.remove_suffix(1);
  return ParseIp(text) ? text.size() : 0;
}

// The first place from `at` on, among those that are wanted, where something may begin. Most stretches have
// none, and this tells it sooner than the pattern.
size_t SkipTo(const ByteSet& first, const Stretch& stretch, size_t at) {
  const size_t until = std::min(stretch.until, stretch.text.size());
  while (at < until && !first[static_cast<unsigned char>(stretch.text[at])]) ++at;
  return at;
}

struct Rule {
  PiiKind kind;
  const char* pattern;
  size_t (*length)(std::string_view candidate);
};

constexpr Rule kRules[] = {
    // A domain has 253 characters at most (RFC 1035, section 2.3.4).
    {PiiKind::kEmail, R"([A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-][A-Za-z0-9.-]{0,227}\.[A-Za-z]{2,24})",
     EmailLength},
    {PiiKind::kIban, R"([A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,27})", IbanLength},
    // Up to the end of a group of digits.
    {PiiKind::kCard, R"((?:\d[ -]?){12,18}\d\b)", CardLength},
    {PiiKind::kSsn, R"(\d{3}-\d{2}-\d{4})", SsnLength},
    {PiiKind::kIp, R"((?:\d{1,3}\.){3}\d{1,3})", IpLength},
    {PiiKind::kIp, R"((?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f.]{0,15})", IpLength},
    // International, or of the North American Numbering Plan with its area code.
    {PiiKind::kPhone, R"(\+\d(?:[ ().-]{0,2}\d){6,14})", PhoneLength},
    {PiiKind::kPhone, R"(\(?[2-9]\d{2}\)?[ .-][2-9]\d{2}[ .-]\d{4})", PhoneLength},
};

}  // namespace

struct PiiFinder::Kind {
  const Rule* rule;
  Pattern pattern;
  MatchShape shape;
};

std::string_view ToString(PiiKind kind) {
  constexpr std::array<std::string_view, 6> kNames = {"email", "phone", "card", "iban", "ssn", "ip"};
  return kNames[static_cast<size_t>(kind)];
}

bool HasLuhnDigit(std::string_view text) {
  int sum = 0;
  bool doubled = false;
  for (size_t i = text.size(); i-- > 0;) {
    if (!IsDigit(text[i])) continue;
    const int digit = (text[i] - '0') * (doubled ? 2 : 1);
    sum += digit > 9 ? digit - 9 : digit;
    doubled = !doubled;
  }
  return sum % 10 == 0;
}

size_t IbanLength(std::string_view text) {
  const auto country = std::find_if(kIbanLengths.begin(), kIbanLengths.end(),
                                    [&](const auto& one) { return text.starts_with(one.first); });
  if (country == kIbanLengths.end()) return 0;
  std::string characters;
  size_t length = 0;
  for (; length < text.size() && characters.size() < country->second; ++length) {
    if (text[length] != ' ') characters += text[length];
  }
  // Another letter or digit behind it: that is something longer.
  if (characters.size() < country->second || (length < text.size() && IsWordChar(text[length]))) return 0;
  // The first four characters go to the end, letters count from 10 on, and what comes out is 1 modulo 97.
  std::rotate(characters.begin(), characters.begin() + 4, characters.end());
  int remainder = 0;
  for (const char c : characters) {
    if (IsDigit(c)) {
      remainder = (remainder * 10 + (c - '0')) % 97;
    } else if (c >= 'A' && c <= 'Z') {
      remainder = (remainder * 100 + (c - 'A' + 10)) % 97;
    } else {
      return 0;
    }
  }
  return remainder == 1 ? length : 0;
}

PiiFinder::PiiFinder(const std::vector<PiiKind>& kinds) {
  std::string problem;
  for (const Rule& rule : kRules) {
    if (std::find(kinds.begin(), kinds.end(), rule.kind) == kinds.end()) continue;
    Pattern pattern = CompilePattern(rule.pattern, {}, &problem);
    MatchShape shape = ShapeOf(pattern);
    kinds_.push_back({&rule, std::move(pattern), std::move(shape)});
  }
}
PiiFinder::~PiiFinder() = default;
PiiFinder::PiiFinder(PiiFinder&&) noexcept = default;

std::vector<MatchShape> PiiFinder::shapes() const {
  std::vector<MatchShape> shapes;
  shapes.reserve(kinds_.size());
  for (const Kind& kind : kinds_) shapes.push_back(kind.shape);
  return shapes;
}

std::vector<PiiSpan> PiiFinder::Find(std::string_view text) const {
  std::vector<PiiSpan> spans;
  Cursor cursor;
  Find(Stretch::Whole(text), &cursor, [&](const PiiSpan& span, bool more) {
    if (more) {
      spans.back().end = span.end;
    } else {
      spans.push_back(span);
    }
  });
  return spans;
}

void PiiFinder::Find(const Stretch& stretch, Cursor* cursor, const OnSpan& found) const {
  const std::string_view text = stretch.text;
  std::vector<PiiSpan> spans;
  for (size_t i = 0; i < kinds_.size(); ++i) {
    const Kind& kind = kinds_[i];
    size_t& at = cursor->At(i);
    at = SkipTo(kind.shape.first, stretch, at);
    re2::StringPiece match;
    while (at < stretch.until && at <= stretch.end &&
           kind.pattern->Match(re2::StringPiece(text.data(), text.size()), at, stretch.end, RE2::UNANCHORED,
                               &match, 1)) {
      const auto begin = static_cast<size_t>(match.data() - text.data());
      if (begin >= stretch.until) break;
      const size_t length = kind.rule->length(text.substr(begin, match.size()));
      const size_t end = begin + length;
      // Not a part of something longer.
      const bool alone =
          (begin == 0 || !IsWordChar(text[begin - 1])) && (end >= text.size() || !IsWordChar(text[end]));
      const bool counts = length > 0 && alone;
      if (counts) spans.push_back({begin, end, kind.rule->kind});
      at = counts ? end : begin + 1;
    }
    at = std::max(at, stretch.until);
  }
  // Of two that begin together the longer counts, of two that overlap the first.
  std::sort(spans.begin(), spans.end(), [](const PiiSpan& a, const PiiSpan& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
  });
  for (const PiiSpan& span : spans) {
    if (span.begin >= cursor->covered) {
      found(span, false);
    } else if (span.end > cursor->covered) {
      found({cursor->covered, span.end, span.kind}, true);
    }
    cursor->covered = std::max(cursor->covered, span.end);
  }
}

}  // namespace portolan::guardrails
