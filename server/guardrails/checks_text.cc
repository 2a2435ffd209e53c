// Checks of one text.

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "server/base/text.h"
#include "server/base/utf8.h"
#include "server/guardrails/check_makers.h"
#include "server/guardrails/find_matches.h"
#include "server/guardrails/match_shape.h"
#include "server/guardrails/pattern_shape.h"
#include "server/guardrails/text_search.h"

namespace portolan::guardrails::makers {
namespace {

// What demands something demands the contrary with `not`, or forbids it where that says more.
void ReadNot(Parameters& parameters, bool forbids, Check* check, bool* negated) {
  *negated = parameters.Flag("not", false);
  check->looks = *negated && forbids ? Looks::kAtEverything : Looks::kAtTheLast;
}

bool IsJsSpace(char c) { return IsSpace(c) || c == '\v' || c == '\f'; }

int64_t CountSentences(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return c == '.' || c == '!' || c == '?'; });
}

int64_t CountWords(std::string_view text) {
  int64_t words = 0;
  bool inside = false;
  for (const char c : text) {
    if (!inside && !IsJsSpace(c)) ++words;
    inside = !IsJsSpace(c);
  }
  return words;
}

void CountInRange(Parameters& parameters, Check* check, std::string_view min_name, std::string_view max_name,
                  int64_t most, int64_t (*count)(std::string_view)) {
  const int64_t min = parameters.Count(min_name, 0);
  const int64_t max = parameters.Count(max_name, most);
  if (min > max) parameters.Fail(min_name, "is above the maximum");
  bool negated = false;
  ReadNot(parameters, /*forbids=*/false, check, &negated);
  check->look = [=](std::string_view text) {
    const int64_t found = count(text);
    Finding finding = Told((min <= found && found <= max) != negated,
                           std::to_string(found) + (negated ? ", which must not be from " : " of ") +
                               std::to_string(min) + " to " + std::to_string(max));
    finding.data["count"] = found;
    return finding;
  };
}

// The words that stand behind fences, by the names that people use for the languages.
constexpr std::array<std::pair<std::string_view, std::string_view>, 34> kLanguages = {
    {{"sql", "SQL"},
     {"py", "Python"},
     {"python", "Python"},
     {"ts", "TypeScript"},
     {"typescript", "TypeScript"},
     {"js", "JavaScript"},
     {"javascript", "JavaScript"},
     {"java", "Java"},
     {"cs", "C#"},
     {"csharp", "C#"},
     {"cpp", "C++"},
     {"c++", "C++"},
     {"c", "C"},
     {"rb", "Ruby"},
     {"ruby", "Ruby"},
     {"php", "PHP"},
     {"swift", "Swift"},
     {"kt", "Kotlin"},
     {"kotlin", "Kotlin"},
     {"go", "Go"},
     {"rs", "Rust"},
     {"rust", "Rust"},
     {"scala", "Scala"},
     {"r", "R"},
     {"pl", "Perl"},
     {"perl", "Perl"},
     {"sh", "Shell"},
     {"bash", "Shell"},
     {"html", "HTML"},
     {"css", "CSS"},
     {"xml", "XML"},
     {"json", "JSON"},
     {"yml", "YAML"},
     {"yaml", "YAML"}}};

std::string LanguageOf(std::string_view tag) {
  const std::string lower = LowerCase(tag);
  for (const auto& [word, language] : kLanguages) {
    if (lower == word) return LowerCase(language);
  }
  return lower;
}

}  // namespace

void RegexMatch(Parameters& parameters, Check* check) {
  const Pattern pattern = parameters.Expression("rule", "regex", /*delimited=*/false);
  bool negated = false;
  ReadNot(parameters, /*forbids=*/true, check, &negated);
  const auto tell = [negated](bool found) {
    return Told(found != negated, found ? "the pattern is found" : "the pattern is not found");
  };
  check->look = [search = TextSearch(pattern), tell](std::string_view text) {
    return tell(search.IsIn(text));
  };
  if (!negated || pattern == nullptr) return;
  check->shapes = {ShapeOf(pattern)};
  // The end of a word is one only as long as no letter follows.
  const bool looks_behind = pattern->pattern().find("\\b") != std::string::npos ||
                            pattern->pattern().find("\\B") != std::string::npos;
  check->finds_for_good = check->longest_match() && !looks_behind;
  check->tell = [tell](const std::vector<size_t>& counts) { return tell(counts[0] > 0); };
  check->find = [pattern](const Stretch& stretch, Cursor* cursor, std::vector<Match>* matches) {
    FindPattern(*pattern, 1, stretch, cursor,
                [&](const auto&, size_t begin, size_t end) { matches->push_back({begin, end}); });
  };
}

void Contains(Parameters& parameters, Check* check) {
  const std::vector<std::string> words = parameters.Texts("words");
  const Operator op = parameters.Choice("operator", Operator::kAny);
  check->looks = op == Operator::kNone ? Looks::kAtEverything : Looks::kAtTheLast;
  check->labels = words.size();
  check->tell = [words, op](const std::vector<size_t>& counts) {
    nlohmann::json found = nlohmann::json::array();
    nlohmann::json missing = nlohmann::json::array();
    for (size_t i = 0; i < words.size(); ++i) (counts[i] > 0 ? found : missing).push_back(words[i]);
    const std::string told = std::to_string(found.size()) + " of " + std::to_string(words.size()) +
                             " words are in the text; asked for: " + std::string(ToString(op));
    Finding finding = Told(Holds(op, found.size(), words.size()), told);
    finding.data["foundWords"] = std::move(found);
    finding.data["missingWords"] = std::move(missing);
    finding.data["operator"] = ToString(op);
    return finding;
  };
  check->look = [words, tell = check->tell](std::string_view text) {
    std::vector<size_t> counts;
    counts.reserve(words.size());
    for (const std::string& word : words) counts.push_back(text.find(word) == std::string_view::npos ? 0 : 1);
    return tell(counts);
  };
  if (op != Operator::kNone) return;
  check->shapes.clear();
  for (const std::string& word : words) check->shapes.push_back(MatchShape::OfWord(word));
  check->finds_for_good = true;
  check->find = [words](const Stretch& stretch, Cursor* cursor, std::vector<Match>* matches) {
    size_t& at = cursor->At(0);
    for (size_t i = 0; i < words.size(); ++i) FindWord(words[i], i, at, stretch, matches);
    at = stretch.until;
  };
}

void SentenceCount(Parameters& parameters, Check* check) {
  CountInRange(parameters, check, "minSentences", "maxSentences", 99'999, CountSentences);
}

void WordCount(Parameters& parameters, Check* check) {
  CountInRange(parameters, check, "minWords", "maxWords", 99'999, CountWords);
}

void CharacterCount(Parameters& parameters, Check* check) {
  CountInRange(parameters, check, "minCharacters", "maxCharacters", 9'999'999, CountUtf8);
}

void ContainsCode(Parameters& parameters, Check* check) {
  const std::string wanted = LanguageOf(parameters.Text("format"));
  bool negated = false;
  ReadNot(parameters, /*forbids=*/true, check, &negated);
  std::string problem;
  const Pattern block = CompilePattern("```([\\w+#-]+)[ \\t]*\\r?\\n(?s:.*?)```", {}, &problem);
  const auto tell = [negated](const std::vector<size_t>& counts) {
    return Told((counts[0] > 0) != negated,
                counts[0] > 0 ? "there is a block of that language" : "there is no block of that language");
  };
  const auto find = [wanted, block](const Stretch& stretch, Cursor* cursor, std::vector<Match>* matches) {
    FindPattern(*block, 2, stretch, cursor, [&](const auto& groups, size_t begin, size_t end) {
      if (LanguageOf({groups[1].data(), groups[1].size()}) == wanted) matches->push_back({begin, end});
    });
  };
  check->look = [tell, find](std::string_view text) { return tell({FindAll(find, text).size()}); };
  if (!negated) return;
  check->tell = tell;
  check->find = find;
}

void AllUpperCase(Parameters& parameters, Check* check) {
  bool negated = false;
  ReadNot(parameters, /*forbids=*/false, check, &negated);
  check->look = [negated](std::string_view text) {
    const bool lower = std::any_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    return Told(lower == negated, lower ? "there are small letters" : "there are no small letters");
  };
}

void AllLowerCase(Parameters& parameters, Check* check) {
  bool negated = false;
  ReadNot(parameters, /*forbids=*/false, check, &negated);
  check->look = [negated](std::string_view text) {
    const bool upper = std::any_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
    return Told(upper == negated, upper ? "there are capital letters" : "there are no capital letters");
  };
}

void EndsWith(Parameters& parameters, Check* check) {
  const std::string suffix = parameters.Text("suffix");
  bool negated = false;
  ReadNot(parameters, /*forbids=*/true, check, &negated);
  const auto tell = [negated](bool ends) {
    return Told(ends != negated, ends ? "the text ends so" : "the text ends otherwise");
  };
  const auto length = [suffix](std::string_view text) -> size_t {
    if (text.ends_with(suffix)) return suffix.size();
    return text.ends_with(suffix + ".") ? suffix.size() + 1 : 0;
  };
  check->look = [tell, length](std::string_view text) { return tell(length(text) > 0); };
  if (!negated) return;
  check->shapes = {MatchShape::OfWord(suffix + ".")};
  check->tell = [tell](const std::vector<size_t>& counts) { return tell(counts[0] > 0); };
  check->find = [length](const Stretch& stretch, Cursor* cursor, std::vector<Match>* matches) {
    cursor->At(0) = stretch.until;
    if (stretch.end < stretch.text.size()) return;
    const size_t found = length(stretch.text);
    if (found > 0) matches->push_back({stretch.end - found, stretch.end});
  };
}

void NotNull(Parameters& parameters, Check* check) {
  bool negated = false;
  ReadNot(parameters, /*forbids=*/false, check, &negated);
  check->look = [negated](std::string_view text) {
    const bool blank = std::all_of(text.begin(), text.end(), IsJsSpace);
    return Told(blank == negated, blank ? "the text is empty or blank" : "there is text");
  };
}

}  // namespace portolan::guardrails::makers
