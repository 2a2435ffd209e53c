// Checks of one text.

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "server/base/text.h"
#include "server/base/utf8.h"
#include "server/guardrails/check_makers.h"

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
  check->look = [pattern, negated](std::string_view text) {
    const bool found = RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *pattern);
    return Told(found != negated, found ? "the pattern is found" : "the pattern is not found");
  };
}

void Contains(Parameters& parameters, Check* check) {
  const std::vector<std::string> words = parameters.Texts("words");
  const Operator op = parameters.Choice("operator", Operator::kAny);
  check->looks = op == Operator::kNone ? Looks::kAtEverything : Looks::kAtTheLast;
  check->look = [words, op](std::string_view text) {
    nlohmann::json found = nlohmann::json::array();
    nlohmann::json missing = nlohmann::json::array();
    for (const std::string& word : words) {
      (text.find(word) == std::string_view::npos ? missing : found).push_back(word);
    }
    const std::string told = std::to_string(found.size()) + " of " + std::to_string(words.size()) +
                             " words are in the text; asked for: " + std::string(ToString(op));
    Finding finding = Told(Holds(op, found.size(), words.size()), told);
    finding.data["foundWords"] = std::move(found);
    finding.data["missingWords"] = std::move(missing);
    finding.data["operator"] = ToString(op);
    return finding;
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
  check->look = [wanted, negated, block](std::string_view text) {
    re2::StringPiece rest(text.data(), text.size());
    std::string tag;
    bool found = false;
    while (!found && RE2::FindAndConsume(&rest, *block, &tag)) found = LanguageOf(tag) == wanted;
    return Told(found != negated,
                found ? "there is a block of that language" : "there is no block of that language");
  };
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
  check->look = [suffix, negated](std::string_view text) {
    const bool ends = text.ends_with(suffix) || text.ends_with(suffix + ".");
    return Told(ends != negated, ends ? "the text ends so" : "the text ends otherwise");
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
