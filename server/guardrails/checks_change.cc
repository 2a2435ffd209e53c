// Checks that change texts.

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "server/base/text.h"
#include "server/base/utf8.h"
#include "server/guardrails/check_makers.h"
#include "server/guardrails/pii.h"

namespace portolan::guardrails::makers {
namespace {

// The text that takes a match's place, with what JavaScript's replace() makes of `$` (ECMA-262, 22.1.3.19.1).
class Replacement {
 public:
  Replacement(std::string text, Pattern pattern) : text_(std::move(text)), pattern_(std::move(pattern)) {}

  void AppendTo(std::string* out, const std::vector<re2::StringPiece>& groups) const {
    for (size_t at = 0; at < text_.size();) {
      const std::string_view rest = std::string_view(text_).substr(at);
      size_t consumed = 0;
      if (rest[0] == '$' && rest.size() > 1) consumed = Expand(rest, out, groups);
      if (consumed == 0) {
        out->push_back(rest[0]);
        consumed = 1;
      }
      at += consumed;
    }
  }

 private:
  static void Append(std::string* out, const re2::StringPiece& group) {
    out->append(group.data(), group.size());
  }

  // How much of `rest` was a reference; 0 if none.
  size_t Expand(std::string_view rest, std::string* out, const std::vector<re2::StringPiece>& groups) const {
    if (rest[1] == '$') {
      out->push_back('$');
      return 2;
    }
    if (rest[1] == '&') {
      Append(out, groups[0]);
      return 2;
    }
    if (rest[1] == '<') return ExpandName(rest, out, groups);
    if (!IsDigit(rest[1])) return 0;
    size_t number = static_cast<size_t>(rest[1] - '0');
    size_t length = 2;
    if (rest.size() > 2 && IsDigit(rest[2])) {
      const size_t two = number * 10 + static_cast<size_t>(rest[2] - '0');
      if (two < groups.size()) {
        number = two;
        length = 3;
      }
    }
    if (number == 0 || number >= groups.size()) return 0;
    Append(out, groups[number]);
    return length;
  }

  size_t ExpandName(std::string_view rest, std::string* out,
                    const std::vector<re2::StringPiece>& groups) const {
    const size_t close = rest.find('>');
    const auto& names = pattern_->NamedCapturingGroups();
    if (close == std::string_view::npos || names.empty()) return 0;
    const auto found = names.find(std::string(rest.substr(2, close - 2)));
    if (found != names.end()) Append(out, groups[static_cast<size_t>(found->second)]);
    return close + 1;
  }

  std::string text_;
  Pattern pattern_;
};

// Replaces every match; false if there is none.
bool ReplaceAll(const RE2& pattern, const Replacement& replacement, std::string* text) {
  const re2::StringPiece whole(text->data(), text->size());
  std::vector<re2::StringPiece> groups(static_cast<size_t>(pattern.NumberOfCapturingGroups()) + 1);
  std::string out;
  size_t copied = 0;
  size_t at = 0;
  bool found = false;
  while (at <= whole.size() && pattern.Match(whole, at, whole.size(), RE2::UNANCHORED, groups.data(),
                                             static_cast<int>(groups.size()))) {
    found = true;
    const auto begin = static_cast<size_t>(groups[0].data() - whole.data());
    const size_t end = begin + groups[0].size();
    out.append(*text, copied, begin - copied);
    replacement.AppendTo(&out, groups);
    copied = at = end;
    if (!groups[0].empty()) continue;
    // Behind an empty match the next character is left as it is.
    if (end == whole.size()) break;
    at = end + std::max<size_t>(1, Utf8Length(std::string_view(*text).substr(end)));
  }
  if (!found) return false;
  out.append(*text, copied);
  *text = std::move(out);
  return true;
}

std::vector<PiiKind> ReadKinds(Parameters& parameters) {
  std::vector<PiiKind> kinds;
  for (const std::string& name : parameters.List("kinds")) {
    const auto* const kind = std::find_if(std::begin(kAllPii), std::end(kAllPii),
                                          [&](PiiKind one) { return ToString(one) == name; });
    if (kind == std::end(kAllPii)) {
      parameters.Fail("kinds", "must be of email, phone, card, iban, ssn and ip");
    } else {
      kinds.push_back(*kind);
    }
  }
  if (kinds.empty()) kinds.assign(std::begin(kAllPii), std::end(kAllPii));
  return kinds;
}

bool Redact(const PiiFinder& finder, std::string* text) {
  const std::vector<PiiSpan> spans = finder.Find(*text);
  if (spans.empty()) return false;
  std::string out;
  size_t copied = 0;
  for (const PiiSpan& span : spans) {
    out.append(*text, copied, span.begin - copied).push_back('[');
    for (const char c : ToString(span.kind)) out += static_cast<char>(c - 'a' + 'A');
    out += ']';
    copied = span.end;
  }
  out.append(*text, copied);
  *text = std::move(out);
  return true;
}

}  // namespace

void RegexReplace(Parameters& parameters, Check* check) {
  const Pattern pattern = parameters.Expression("rule", "", /*delimited=*/true);
  const Replacement replacement(parameters.Text("redactText", "[REDACTED]"), pattern);
  const bool fails = parameters.Flag("failOnDetection", false);
  check->look = [pattern, fails](std::string_view text) {
    const bool found = RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *pattern);
    return Told(!found || !fails, found ? "the pattern is found" : "the pattern is not found");
  };
  check->change = [pattern, replacement](std::string* text) {
    return ReplaceAll(*pattern, replacement, text);
  };
}

void AddPrefix(Parameters& parameters, Check* check) {
  check->looks = Looks::kAtTheCall;
  check->prefix = Prefix{parameters.Text("prefix"), parameters.Text("applyToRole", "user"),
                         parameters.Flag("addToExisting", true), parameters.Flag("onlyIfEmpty", false)};
  check->look_at_call = [](const CallFacts&) { return Told(true, "the prefix is added to requests"); };
}

void Pii(Parameters& parameters, Check* check) {
  const auto finder = std::make_shared<const PiiFinder>(ReadKinds(parameters));
  const bool redact = parameters.Flag("redact", false);
  check->look = [finder, redact](std::string_view text) {
    std::map<std::string, int> counts;
    for (const PiiSpan& span : finder->Find(text)) ++counts[std::string(ToString(span.kind))];
    Finding finding = Told(counts.empty() || redact, counts.empty() ? "there is none" : "there is some");
    finding.data["found"] = counts;
    return finding;
  };
  if (redact) check->change = [finder](std::string* text) { return Redact(*finder, text); };
}

}  // namespace portolan::guardrails::makers
