// Texts that come in pieces, against what the same checks make of the whole text. Of what leaves nothing may
// be forbidden, whatever the pieces.

#include "server/guardrails/window.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "server/base/utf8.h"
#include "server/guardrails/json_schema.h"
#include "tests/support/rounds.h"

namespace portolan::guardrails {
namespace {

using ::testing::StartsWith;

Guardrail Read(const std::string& json) {
  Problem problem;
  auto guardrail = ReadGuardrail(*ParseJson(json), "g", &problem);
  EXPECT_TRUE(guardrail.has_value()) << json << ": " << problem.path << ": " << problem.message;
  return guardrail ? *std::move(guardrail) : Guardrail{};
}

// Checks in their order: `{"id": …, "parameters": {…}}` each.
Guardrail Listed(const std::vector<std::string>& checks, const std::string& members = "") {
  std::string json = "{\"deny\":true," + members + "\"checks\":[";
  for (size_t i = 0; i < checks.size(); ++i) json += (i > 0 ? "," : "") + checks[i];
  return Read(json + "]}");
}

std::string Forbids(const std::string& word) {
  return R"({"id":"contains","parameters":{"operator":"none","words":[")" + word + "\"]}}";
}
std::string Never(const std::string& pattern) {
  return R"({"id":"regexMatch","parameters":{"not":true,"rule":")" + pattern + "\"}}";
}
std::string Replaces(const std::string& pattern, const std::string& with) {
  return R"({"id":"regexReplace","parameters":{"rule":")" + pattern + R"(","redactText":")" + with + "\"}}";
}
const std::string kRedactsPii = R"({"id":"portolan.pii","parameters":{"redact":true}})";

std::vector<const Check*> ChecksOf(const Guardrail& guardrail) {
  std::vector<const Check*> checks;
  for (const Check& check : guardrail.checks) checks.push_back(&check);
  return checks;
}

// What the checks make of a text that is there at once.
struct Whole {
  std::string text;
  GuardrailResult result;
};
Whole RunWhole(const Guardrail& guardrail, std::string text, bool is_json) {
  Whole whole;
  if (is_json) {
    v1::ChatCompletion answer;
    std::string* const arguments =
        answer.add_choices()->mutable_message()->add_tool_calls()->mutable_function()->mutable_arguments();
    *arguments = std::move(text);
    View view(&answer);
    whole.result = RunGuardrail(guardrail, {}, &view);
    whole.text = *arguments;
  } else {
    View view(&text);
    whole.result = RunGuardrail(guardrail, {}, &view);
    whole.text = text;
  }
  return whole;
}

std::string Pieces(const std::vector<std::string>& pieces) {
  std::string told;
  for (const std::string& piece : pieces) told += "<" + piece + ">";
  return told;
}

// Sends a text through a window piece by piece and holds it against the whole.
class Comparison {
 public:
  explicit Comparison(const Guardrail& guardrail, bool is_json = false)
      : guardrail_(guardrail), is_json_(is_json), hold_(HoldOf(guardrail).value_or(8)) {}

  void Of(const std::vector<std::string>& pieces) {
    std::string text;
    for (const std::string& piece : pieces) text += piece;
    const Whole whole = RunWhole(guardrail_, text, is_json_);
    const std::vector<const Check*> checks = ChecksOf(guardrail_);
    Window window(checks, hold_, {.is_json = is_json_});
    std::string left;
    size_t taken = 0;
    const std::string told = Pieces(pieces);
    for (const std::string& piece : pieces) {
      window.Append(piece);
      ASSERT_GE(window.safe(), taken) << told;
      if (window.denied()) break;
      if (bound_) {
        ASSERT_LE(window.held_bytes(), *bound_) << told;
      }
      const size_t next = taken + (random_() % 4 == 0 ? 0 : window.safe() - taken);
      left += window.Take(next);
      taken = next;
      ASSERT_THAT(whole.text, StartsWith(left)) << told;
      if (looks_at_what_left_) {
        for (const Check* check : checks) {
          ASSERT_EQ(check->look(left).verdict, Verdict::kPass) << told << " let " << left;
        }
      }
    }
    window.Finish();
    ASSERT_EQ(window.denied().has_value(), !whole.result.passes) << told;
    if (window.denied()) {
      ASSERT_FALSE(whole.result.checks[*window.denied()].passes) << told;
      ASSERT_FALSE(window.Result(*window.denied()).passes) << told;
      left += window.Take(window.safe());
      ASSERT_THAT(whole.text, StartsWith(left)) << told;
      return;
    }
    ASSERT_EQ(window.safe(), text.size()) << told;
    left += window.Take(text.size());
    ASSERT_EQ(left, whole.text) << told;
    for (size_t i = 0; i < checks.size(); ++i) {
      const CheckResult result = window.Result(i);
      const CheckResult& expected = whole.result.checks[i];
      EXPECT_EQ(result.id, expected.id);
      EXPECT_EQ(result.finding.verdict, expected.finding.verdict) << told;
      EXPECT_EQ(result.finding.data, expected.finding.data) << told;
      EXPECT_EQ(result.transformed, expected.transformed) << told;
      EXPECT_EQ(result.passes, expected.passes) << told;
    }
  }

  // Cut at every place, at every two, and into single bytes.
  void OfAllCuts(const std::string& text) {
    for (size_t first = 0; first <= text.size(); ++first) {
      for (size_t second = first; second <= text.size(); ++second) {
        Of({text.substr(0, first), text.substr(first, second - first), text.substr(second)});
      }
    }
    std::vector<std::string> bytes;
    for (const char c : text) bytes.emplace_back(1, c);
    Of(bytes);
  }

  void OfRandomCuts(const std::string& text) {
    std::vector<std::string> pieces;
    for (size_t at = 0; at < text.size();) {
      const size_t length = 1 + random_() % 7;
      pieces.push_back(text.substr(at, length));
      at += length;
    }
    Of(pieces);
  }

  void set_bound(size_t bound) { bound_ = bound; }
  // What has left is itself to be found good: only where nothing depends on what follows.
  void look_at_what_left() { looks_at_what_left_ = true; }

 private:
  const Guardrail& guardrail_;
  const bool is_json_;
  const size_t hold_;
  std::optional<size_t> bound_;
  bool looks_at_what_left_ = false;
  std::mt19937 random_{11};  // NOLINT: the same cases each time
};

TEST(HoldOf, IsTheLongestMatch) {
  const std::vector<std::pair<std::string, std::optional<size_t>>> cases = {
      {R"({"contains":{"words":["ab","c\u00e9d\u00e9"],"operator":"none"}})", 4},
      {R"({"contains":{"words":["ab"]}})", std::nullopt},
      {R"({"regexMatch":{"rule":"a{3,7}","not":true}})", 7},
      {R"({"regexMatch":{"rule":"a+","not":true}})", std::nullopt},
      {R"({"regexMatch":{"rule":"^a","not":true}})", std::nullopt},
      {R"({"regexMatch":{"rule":"a"}})", std::nullopt},
      {R"({"regexReplace":{"rule":"\\bab?\\b"}})", 2},
      {R"({"regexReplace":{"rule":"a{600}"}})", std::nullopt},
      {R"({"regexReplace":{"rule":"a{600}"},"window":600})", 600},
      {R"({"endsWith":{"suffix":"bye","not":true}})", 4},
      {R"({"endsWith":{"suffix":"bye"}})", std::nullopt},
      {R"({"containsCode":{"format":"SQL","not":true}})", std::nullopt},
      {R"({"jsonKeys":{"keys":["a"],"operator":"none"}})", std::nullopt},
      {R"({"wordCount":{"maxWords":3}})", std::nullopt},
      {R"({"modelWhitelist":{"models":["m"]}})", 0},
      {R"({"modelWhitelist":{"models":["m"]},"contains":{"words":["ab"],"operator":"none"}})", 2},
      // As they ask for.
      {R"({"contains":{"words":["ab"],"operator":"none"},"stream":"whole"})", std::nullopt},
      {R"({"contains":{"words":["ab"],"operator":"none"},"stream":"after"})", std::nullopt},
      {R"({"regexMatch":{"rule":"a+","not":true},"stream":"window"})", 512},
      {R"({"regexMatch":{"rule":"^a$","not":true},"stream":"window","window":9})", 9},
      {R"({"regexMatch":{"rule":"a{20}","not":true},"stream":"window","window":9})", 20},
      {R"({"containsCode":{"format":"SQL","not":true},"stream":"window"})", 512},
      {R"({"wordCount":{"maxWords":3},"stream":"window"})", std::nullopt},
  };
  for (const auto& [guardrail, hold] : cases) EXPECT_EQ(HoldOf(Read(guardrail)), hold) << guardrail;
  // An address, with the domain as long as it may be.
  EXPECT_LE(HoldOf(Read(R"({"portolan.pii":{}})")), 320u);
  EXPECT_LE(HoldOf(Read(R"({"portolan.pii":{"kinds":["ssn"]}})")), 11u);
}

TEST(Window, HoldsWhatAMatchMayStillGrowBy) {
  const Guardrail guardrail = Listed({Forbids("swordfish")});
  Window window(ChecksOf(guardrail), *HoldOf(guardrail));
  window.Append("the word is sword");
  EXPECT_EQ(window.safe(), 12u) << "where the word may begin";
  EXPECT_EQ(window.held_bytes(), 5u);
  EXPECT_EQ(window.Take(4), "the ");
  window.Append("fi");
  EXPECT_EQ(window.safe(), 12u);
  EXPECT_EQ(window.Take(12), "word is ");
  window.Append("sh");
  EXPECT_EQ(window.denied(), 0u) << "nothing that follows can undo it";
  EXPECT_EQ(window.safe(), 12u);
  EXPECT_FALSE(window.Result(0).passes);
  EXPECT_EQ(window.Result(0).finding.data["foundWords"], nlohmann::json({"swordfish"}));
  window.Append(" and more");
  window.Finish();
  EXPECT_EQ(window.safe(), 12u);
}

// What a letter behind it would undo is waited for.
TEST(Window, WaitsForTheEndOfAWord) {
  const Guardrail guardrail = Listed({Never("\\\\bsword\\\\b")});
  Window window(ChecksOf(guardrail), *HoldOf(guardrail));
  window.Append("a sword");
  EXPECT_FALSE(window.denied().has_value());
  window.Append("fish and a sword");
  EXPECT_FALSE(window.denied().has_value());
  window.Append(".");
  EXPECT_EQ(window.denied(), 0u);
}

TEST(Window, PutsReplacementsWhereMatchesBegin) {
  const Guardrail guardrail = Listed({Replaces("[0-9]{4}", "<$&>"), Replaces("<12", "(")});
  Window window(ChecksOf(guardrail), *HoldOf(guardrail));
  window.Append("ab 12");
  window.Append("34 cd");
  window.Finish();
  EXPECT_EQ(window.safe(), 10u);
  EXPECT_EQ(window.Take(5), "ab (34>");
  EXPECT_EQ(window.Take(6), "");
  EXPECT_EQ(window.Take(10), " cd");
  EXPECT_TRUE(window.Result(0).transformed && window.Result(1).transformed);
}

TEST(Window, GoesOnWhereNothingIsDenied) {
  const Guardrail guardrail = Listed({Forbids("a"), Forbids("b")});
  Window window(ChecksOf(guardrail), *HoldOf(guardrail), {.is_json = false, .denies = {false, true}});
  window.Append("a cat");
  EXPECT_FALSE(window.denied().has_value());
  EXPECT_EQ(window.safe(), 5u);
  EXPECT_FALSE(window.Result(0).passes);
  window.Append(" and a bat");
  EXPECT_EQ(window.denied(), 1u);
}

TEST(Window, PassesOverWhatLooksAtTheCall) {
  const Guardrail guardrail = Read(R"({"modelWhitelist":{"models":["m"]}})");
  Window window(ChecksOf(guardrail), 0);
  window.Append("anything \xe2\x82");
  EXPECT_EQ(window.safe(), 9u) << "but no part of a character";
  window.Append("\xac");
  EXPECT_EQ(window.Take(window.safe()), "anything €");
  EXPECT_TRUE(window.Result(0).passes);
}

TEST(Window, HoldsEverythingForWhatNeedsTheWhole) {
  const Guardrail guardrail =
      Listed({R"({"id":"wordCount","parameters":{"maxWords":3}})", Replaces("b", "B")});
  Window window(ChecksOf(guardrail), 8);
  window.Append("a b ");
  EXPECT_EQ(window.safe(), 0u);
  window.Append("c");
  window.Finish();
  EXPECT_EQ(window.Take(2) + window.Take(5), "a B c");
  EXPECT_EQ(window.Result(0).finding.data["count"], 3);
  Comparison(guardrail).OfAllCuts("a b c");
  Comparison(guardrail).OfAllCuts("a b c d");
}

TEST(Window, IsLikeTheWholeForEveryCut) {
  const std::vector<std::pair<Guardrail, std::vector<std::string>>> cases = {
      {Listed({Forbids("aba")}), {"xabab", "ababx", "abxab", "", "é€aba"}},
      {Listed({Forbids("é€\U0001f600")}), {"xé€\U0001f600", "éé€€\U0001f600", "\xc3\xa9\xe2\x82"}},
      {Listed({Never("\\\\bfoo\\\\b")}), {"foobar", "a foo", "afoo foo_ foo", "foo"}},
      {Listed({Never("\\\\Bfoo\\\\B")}), {"foobar", "xfoox", "xfoo"}},
      {Listed({R"({"id":"regexReplace","parameters":{"rule":"/SECRET\\b/i","failOnDetection":true}})"}),
       {"a secret", "a secrets", "sEcReT!"}},
      {Listed({Replaces("a|ab", "-")}), {"abab", "aab"}},
      {Listed({Replaces("(a)(b)?", "[$2$1]")}), {"aabab", "ba"}},
      {Listed({Replaces("x?", "-")}), {"", "x", "axb", "xx", "éx€"}},
      {Listed({Replaces("\\\\b", "|")}), {"ab cd", " a ", "é a"}},
      {Listed({Replaces("aa", "")}), {"aaaaa", "baab", "aa"}},
      {Listed({Replaces("aa", ""), Forbids("bc")}), {"baac", "aaab", "baaxc"}},
      {Listed({Replaces("a", "bb"), Replaces("bbb", "c"), Replaces("c?", "d")}), {"aab", "abab", "ba"}},
      {Listed({Replaces("ab", "a"), Replaces("ab", "x"), Forbids("xx")}), {"abb", "abbabb", "abbb"}},
      {Listed({R"({"id":"endsWith","parameters":{"suffix":"by","not":true}})"}), {"by by", "by.", "by.."}},
      {Listed({Replaces("b", "é€"), Never("€a{1,2}b")}), {"bab", "baab", "€ab"}},
      // Without bounds, within the window.
      {Listed({Never("a+b$")}, R"("stream":"window","window":6,)"), {"aab", "aabc", "caab", "aab aab"}},
      {Listed({Never("^a+b")}, R"("stream":"window","window":6,)"), {"aabc", "caab", "ab"}},
      {Listed({R"({"id":"containsCode","parameters":{"format":"C","not":true}})"},
              R"("stream":"window","window":20,)"),
       {"```c\nx\n```", "```go\n1\n```c\n2\n```", "```c\n"}},
      // What is no UTF-8.
      {Listed({Replaces(".b", "-")}),
       {"\x80\x80\x80\x80\x80\xff\xc3\xc3"
        "b",
        "a\xe2"
        "bb",
        "\xf0\x9f"
        "ab\xf0"}},
  };
  for (const auto& [guardrail, texts] : cases) {
    Comparison comparison(guardrail);
    for (const std::string& text : texts) comparison.OfAllCuts(text);
  }
}

TEST(Window, FindsPersonalDataWhereverItIsCut) {
  for (const std::string& checks : {kRedactsPii, std::string(R"({"id":"portolan.pii"})")}) {
    const Guardrail guardrail = Listed({checks});
    Comparison comparison(guardrail);
    for (const char* text :
         {"to jane.doe+x@mail.example.co.uk.", "card 4111 1111 1111 1111, ok",
          "GB82 WEST 1234 5698 7654 32 NOW", "192.0.2.1,a@b.example,078-05-1120",
          "+44 20 7946 0958 (212) 555-0199", "x078-05-1120 a@b 12:30", "4111 1111 1111 1111 12/27"}) {
      const std::string one = text;
      for (size_t cut = 0; cut <= one.size(); ++cut) comparison.Of({one.substr(0, cut), one.substr(cut)});
      // Again with so much behind it that it is decided about on the way.
      const std::string more = one + std::string(700, '-') + one;
      for (size_t cut = 0; cut <= more.size(); cut += 3) {
        comparison.Of({more.substr(0, cut), more.substr(cut)});
      }
      comparison.OfRandomCuts(more + more);
    }
  }
}

TEST(Window, KnowsPersonalDataThatOverlap) {
  const Guardrail guardrail = Listed({kRedactsPii, Forbids("]0")});
  Comparison comparison(guardrail);
  std::mt19937 random(5);  // NOLINT: the same cases each time
  const std::vector<std::string> parts = {"4111 1111 1111 1111",
                                          "+44 20 7946 0958",
                                          "192.0.2.1",
                                          "078-05-1120",
                                          "a@b.co",
                                          "2001:db8::1",
                                          "212-555-0100",
                                          "DE89 3704 0044 0532 0130 00",
                                          " ",
                                          "-",
                                          ".",
                                          "@",
                                          "0",
                                          "("};
  for (int i = 0; i < 150; ++i) {
    std::string text;
    for (size_t count = 1 + random() % 40; count > 0; --count) text += parts[random() % parts.size()];
    comparison.OfRandomCuts(text);
    comparison.Of({text});
  }
}

std::string RandomPattern(std::mt19937& random, int depth) {
  const std::vector<std::string> atoms = {"a", "b", "é", ".", "[ab]", "[^a]", "\\\\b", "\\\\w", "€", "(?i)B"};
  std::string out;
  for (size_t count = 1 + random() % 3; count > 0; --count) {
    if (depth == 0 || random() % 3 > 0) {
      out += atoms[random() % atoms.size()];
    } else {
      out += "(" + RandomPattern(random, depth - 1) + "|" + RandomPattern(random, depth - 1) + ")";
    }
    if (!out.ends_with("\\\\b") && random() % 4 == 0) out += random() % 2 == 0 ? "?" : "{0,2}?";
  }
  return out;
}

std::string RandomText(std::mt19937& random, size_t most) {
  const std::vector<std::string> letters = {"a",          "b", "A",  "B",    "é",   "€",
                                            "\U0001f600", " ", "ab", "\xe2", "\x80"};
  std::string text;
  for (size_t count = random() % most; count > 0; --count) text += letters[random() % letters.size()];
  return text;
}

std::string RandomCheck(std::mt19937& random) {
  const std::vector<std::string> words = {"ab", "a", "aa€", "é", "bAb", "abab", "\U0001f600"};
  const std::vector<std::string> replacements = {"", "a", "b$&", "é$1", "$&$&", "-"};
  switch (random() % 4) {
    case 0:
      return Forbids(words[random() % words.size()] + words[random() % words.size()]);
    case 1:
      return Never(RandomPattern(random, 1));
    default:
      return Replaces(RandomPattern(random, 1), replacements[random() % replacements.size()]);
  }
}

TEST(Window, IsLikeTheWholeForAnyChecks) {
  std::mt19937 random(3);  // NOLINT: the same cases each time
  for (int i = 0; i < test::Rounds(1'500); ++i) {
    std::vector<std::string> checks;
    for (size_t count = 1 + random() % 4; count > 0; --count) checks.push_back(RandomCheck(random));
    const Guardrail guardrail = Listed(checks);
    SCOPED_TRACE(::testing::PrintToString(checks));
    Comparison comparison(guardrail);
    for (int j = 0; j < 6; ++j) comparison.OfRandomCuts(RandomText(random, 40));
    comparison.OfAllCuts(RandomText(random, 6));
    if (HasFatalFailure()) return;
  }
}

TEST(Window, LetsNothingForbiddenLeave) {
  std::mt19937 random(9);  // NOLINT: the same cases each time
  const std::vector<std::string> checks = {Forbids("abab"), Forbids("é€"), Never("a[^a]{1,4}a"),
                                           Never("(?i)bb|€{2}")};
  for (int i = 0; i < 1'000; ++i) {
    const Guardrail guardrail = Listed({checks[random() % 4], checks[random() % 4]});
    Comparison comparison(guardrail);
    comparison.look_at_what_left();
    comparison.set_bound(4 * *HoldOf(guardrail) + 3);
    comparison.OfRandomCuts(RandomText(random, 30));
    if (HasFatalFailure()) return;
  }
}

// How much is held behind each byte of a text. Nothing is denied.
std::vector<size_t> HeldOf(const std::string& check, const std::string& text) {
  const Guardrail guardrail = Listed({check});
  Window window(ChecksOf(guardrail), *HoldOf(guardrail), {.denies = {false}});
  std::vector<size_t> held;
  for (const char c : text) {
    window.Append({&c, 1});
    held.push_back(window.held_bytes());
  }
  return held;
}

TEST(Window, HoldsAWordOfProseAtMostForPersonalData) {
  const std::string text =
      "lorem ipsum dolor sit amet, consectetur adipiscing elit (sed do eiusmod), tempor: incididunt!\n"
      "ut labore; et dolore - magna \"aliqua\" ut enim... ad minim    veniam, quis nostrud's exercitation. ";
  for (const char* check : {R"({"id":"portolan.pii","parameters":{"redact":true,"kinds":["email"]}})",
                            R"({"id":"portolan.pii","parameters":{"redact":true}})"}) {
    const std::vector<size_t> held = HeldOf(check, text);
    size_t word = 0;
    for (size_t i = 0; i < text.size(); ++i) {
      word = text[i] == ' ' || text[i] == '\n' ? 0 : word + 1;
      EXPECT_LE(held[i], word) << check << " behind " << text.substr(0, i + 1);
    }
  }
  // Only the bytes of a character that is not all there.
  EXPECT_THAT(HeldOf(R"({"id":"portolan.pii"})", "日本。"),
              ::testing::ElementsAre(1u, 2u, 0u, 1u, 2u, 0u, 1u, 2u, 0u));
}

TEST(Window, HoldsDigitsAsFarAsACardNumberReaches) {
  const std::string check = R"({"id":"portolan.pii","parameters":{"kinds":["card"]}})";
  std::string text;
  for (int i = 0; i < 40; ++i) text += "1234 ";
  const std::vector<size_t> held = HeldOf(check, text + "x");
  // 19 digits and what may stand between them.
  constexpr size_t kLongest = 19 + 18;
  for (size_t i = 0; i < text.size(); ++i) {
    EXPECT_LE(held[i], kLongest);
    EXPECT_GE(held[i] + 1, std::min(i + 1, kLongest)) << "but for a blank, which begins none";
  }
  EXPECT_EQ(held.back(), 0u);
}

TEST(Window, HoldsOfPatternsWhatTheirCharactersAllow) {
  const auto held_at_end = [](const std::string& check, const std::string& text) {
    return HeldOf(check, text).back();
  };
  const std::string key = Replaces("sk-[a-z0-9]{8,20}", "-");
  EXPECT_EQ(held_at_end(key, "what the"), 0u);
  EXPECT_EQ(held_at_end(key, "this ask"), 2u) << "from the first s on";
  EXPECT_EQ(held_at_end(key, "this ask "), 0u);
  EXPECT_EQ(held_at_end(key, "a sk-abcdefgh"), 11u);
  EXPECT_EQ(held_at_end(key, "a sk-abcdefgh."), 0u);
  EXPECT_EQ(held_at_end(Replaces("\\\\bcat\\\\b", "-"), "a cat"), 3u) << "it may be a longer word";
  EXPECT_EQ(held_at_end(Replaces("(?i)k{1,3}", "-"), "a k\u212a"), 4u) << "the sign for kelvins is a k";
  EXPECT_EQ(held_at_end(Replaces("q.{3}", "-"), "a quo"), 3u);
  EXPECT_EQ(held_at_end(Replaces("q.{3}", "-"), "a bcd"), 0u);
}

TEST(Window, HoldsOfWordsOnlyWhatMayBecomeOne) {
  std::mt19937 random(13);  // NOLINT: the same cases each time
  const auto letters = [&random](size_t most) {
    std::string out;
    for (size_t count = 1 + random() % most; count > 0; --count) out += "aabc"[random() % 4];
    return out;
  };
  for (int i = 0; i < 1'000; ++i) {
    const std::vector<std::string> words = {letters(9), letters(4)};
    const std::string check = R"({"id":"contains","parameters":{"operator":"none","words":[")" + words[0] +
                              "\",\"" + words[1] + "\"]}}";
    const std::string text = letters(40);
    const std::vector<size_t> held = HeldOf(check, text);
    for (size_t end = 1; end <= text.size(); ++end) {
      const std::string so_far = text.substr(0, end);
      size_t longest = 0;
      for (const std::string& word : words) {
        for (size_t length = 1; length <= word.size(); ++length) {
          if (so_far.ends_with(word.substr(0, length))) longest = std::max(longest, length);
        }
      }
      ASSERT_EQ(held[end - 1], longest) << check << " behind " << so_far;
    }
  }
}

TEST(Window, LooksAtWhatJsonMeans) {
  const std::vector<std::pair<Guardrail, std::vector<std::string>>> cases = {
      {Listed({Forbids("secret")}),
       {R"({"a":"\u0073ecret"})", R"({"\u0073ecret":1})", R"({"a":"sec\u0072et"})",
        R"({"a":"\u0073ecre","t":1})", R"({"a":"secre\u0074)", R"({"a":[1,"b"]})"}},
      {Listed({Never("é\\\\nb")}), {R"({"a":"\u00e9\nb"})", R"({"a":"\u00e9n"})"}},
      // What changes waits for the end, and changes values alone.
      {Listed({Replaces("b", "\\\""), Forbids("c")}),
       {R"({"b":"ab","n":12})", R"({"b":"\u0063"})", "ab", "{\"b"}},
  };
  for (const auto& [guardrail, texts] : cases) {
    Comparison comparison(guardrail, /*is_json=*/true);
    for (const std::string& text : texts) comparison.OfAllCuts(text);
  }
}

TEST(Window, HoldsLittleOfJson) {
  const Guardrail guardrail = Listed({Forbids("secret")});
  Window window(ChecksOf(guardrail), *HoldOf(guardrail), {.is_json = true});
  window.Append(R"({"text":")");
  for (int i = 0; i < 1'000; ++i) {
    window.Append(R"(plain w\u006frds )");
    window.Take(window.safe());
    ASSERT_LE(window.held_bytes(), 20u);
  }
  window.Append(R"(s\u0065cret",)");
  window.Append("1");
  EXPECT_EQ(window.denied(), 0u);
}

TEST(Window, TakesLongTexts) {
  // So long that going over it again and again would not end.
  const Guardrail guardrail = Listed({Forbids("swordfish"), kRedactsPii, Replaces("needle", "pin")});
  Window window(ChecksOf(guardrail), *HoldOf(guardrail));
  const std::string piece(4'096, 'x');
  size_t left = 0;
  for (int i = 0; i < 2'048; ++i) {
    window.Append(piece);
    left += window.Take(window.safe()).size();
    ASSERT_LE(window.held_bytes(), 400u);
  }
  window.Append(" needle a@example.com");
  window.Finish();
  left += window.Take(window.safe()).size();
  EXPECT_EQ(left, 2'048 * piece.size() + std::string(" pin [EMAIL]").size());
}

}  // namespace
}  // namespace portolan::guardrails
