// Checks that change texts.

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "server/base/text.h"
#include "server/guardrails/check_makers.h"
#include "server/guardrails/find_matches.h"
#include "server/guardrails/pattern_shape.h"
#include "server/guardrails/pii.h"
#include "server/guardrails/text_search.h"

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

// What takes the place of personal data: `[EMAIL]`.
std::string Placeholder(PiiKind kind) {
  std::string out = "[";
  for (const char c : ToString(kind)) out += static_cast<char>(c - 'a' + 'A');
  return out + "]";
}

// What changes texts does so by what it finds.
void ChangeByFinding(Check* check) {
  check->change = [find = check->find](std::string* text) { return Replace(FindAll(find, *text), text); };
}

}  // namespace

void RegexReplace(Parameters& parameters, Check* check) {
  const Pattern pattern = parameters.Expression("rule", "", /*delimited=*/true);
  const Replacement replacement(parameters.Text("redactText", "[REDACTED]"), pattern);
  const bool fails = parameters.Flag("failOnDetection", false);
  const auto tell = [fails](bool found) {
    return Told(!found || !fails, found ? "the pattern is found" : "the pattern is not found");
  };
  const TextSearch search(pattern);
  check->look = [search, tell](std::string_view text) { return tell(search.IsIn(text)); };
  if (pattern == nullptr) return;
  const auto groups = static_cast<size_t>(pattern->NumberOfCapturingGroups()) + 1;
  check->shapes = {ShapeOf(pattern)};
  check->tell = [tell](const std::vector<size_t>& counts) { return tell(counts[0] > 0); };
  check->find = [pattern, replacement, groups](const Stretch& stretch, Cursor* cursor,
                                               std::vector<Match>* matches) {
    FindPattern(*pattern, groups, stretch, cursor, [&](const auto& pieces, size_t begin, size_t end) {
      matches->push_back({begin, end});
      replacement.AppendTo(&matches->back().replacement, pieces);
    });
  };
  check->change = [search, find = check->find](std::string* text) {
    return search.MayBeIn(*text) && Replace(FindAll(find, *text), text);
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
  check->labels = std::size(kAllPii);
  check->shapes = finder->shapes();
  check->tell = [redact](const std::vector<size_t>& counts) {
    nlohmann::json found = nlohmann::json::object();
    for (const PiiKind kind : kAllPii) {
      const size_t count = counts[static_cast<size_t>(kind)];
      if (count > 0) found[ToString(kind)] = count;
    }
    Finding finding = Told(found.empty() || redact, found.empty() ? "there is none" : "there is some");
    finding.data["found"] = std::move(found);
    return finding;
  };
  check->find = [finder](const Stretch& stretch, Cursor* cursor, std::vector<Match>* matches) {
    finder->Find(stretch, cursor, [&](const PiiSpan& span, bool more) {
      matches->push_back({span.begin, span.end, more ? Match::kMore : static_cast<size_t>(span.kind),
                          more ? std::string() : Placeholder(span.kind)});
    });
  };
  check->look = [find = check->find, tell = check->tell](std::string_view text) {
    std::vector<size_t> counts(std::size(kAllPii));
    CountByLabel(FindAll(find, text), &counts);
    return tell(counts);
  };
  if (redact) ChangeByFinding(check);
}

}  // namespace portolan::guardrails::makers
