// Lists of guardrails, and the operator's own ones.

#include "server/guardrails/guardrail_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace portolan::guardrails {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct ReadOutcome {
  bool good = false;
  GuardrailList list;
  ListNotes notes;
  Problem problem;
};

ReadOutcome ReadText(std::string_view text, const NamedGuardrails& named = {}, ListRules rules = {}) {
  ReadOutcome outcome;
  outcome.good = ReadGuardrailList(text, "p", rules, named, &outcome.list, &outcome.notes, &outcome.problem);
  return outcome;
}

std::shared_ptr<const Guardrail> Operators(const std::string& name, const std::string& text) {
  Problem problem;
  auto guardrail = ReadNamedGuardrail(name, nlohmann::json::parse(text), "", &problem);
  EXPECT_NE(guardrail, nullptr) << problem.path << ": " << problem.message;
  return guardrail;
}

TEST(GuardrailList, MayBeMissing) {
  for (const char* text : {"", " ", "null", " null\n", "[]", "[ ]"}) {
    const ReadOutcome read = ReadText(text);
    EXPECT_TRUE(read.good) << text;
    EXPECT_THAT(read.list, IsEmpty());
  }
  EXPECT_FALSE(HoldsList(""));
  EXPECT_FALSE(HoldsList(" null "));
  EXPECT_TRUE(HoldsList("[]"));
}

TEST(GuardrailList, HoldsBothFormsAndNames) {
  const NamedGuardrails named = {{"polite", Operators("polite", R"({"notNull":{}})")}};
  const ReadOutcome read = ReadText(
      R"([{"notNull":{},"endsWith":{"suffix":"."}},"polite",{"checks":[{"id":"default.notNull"}],"id":"x"}])",
      named);
  ASSERT_TRUE(read.good) << read.problem.message;
  ASSERT_THAT(read.list, SizeIs(3));
  EXPECT_EQ(read.list[1], named.at("polite"));
  EXPECT_EQ(CalledName(*read.list[0]), "");
  EXPECT_EQ(CalledName(*read.list[1]), "polite");
  EXPECT_EQ(CalledName(*read.list[2]), "x");
  EXPECT_EQ(read.notes.checks, 3u);
}

TEST(GuardrailList, OfMutatorsMakesThemOfWhatSaysNoType) {
  const std::string text = R"([{"notNull":{}},{"notNull":{},"type":null},{"notNull":{},"type":"guardrail"}])";
  const ReadOutcome mutators = ReadText(text, {}, {.kind = ListKind::kMutators});
  EXPECT_TRUE(mutators.list.at(0)->mutator);
  EXPECT_TRUE(mutators.list.at(1)->mutator);
  EXPECT_FALSE(mutators.list.at(2)->mutator);
  for (const auto& guardrail : ReadText(text).list) EXPECT_FALSE(guardrail->mutator);
}

TEST(GuardrailList, TellsWhatIsWrong) {
  EXPECT_EQ(ReadText("{}").problem.path, "p");
  EXPECT_EQ(ReadText("[1,").problem.path, "p");
  EXPECT_EQ(ReadText("[1]").problem.path, "p[0]");
  EXPECT_EQ(ReadText(R"([{"notNull":{}},{"nope":{}}])").problem.path, "p[1].nope");
  const std::string deep = std::string(200, '[') + std::string(200, ']');
  EXPECT_THAT(ReadText(deep).problem.message, HasSubstr("deeper than 128"));

  // Names are cut, at a character.
  std::string long_name;
  for (int i = 0; i < 100; ++i) long_name += "é";
  const ReadOutcome unknown = ReadText("[\"" + long_name + "\"]");
  EXPECT_FALSE(unknown.good);
  EXPECT_EQ(unknown.problem.path, "p[0]");
  EXPECT_THAT(unknown.problem.message, HasSubstr("é…\""));
  EXPECT_LT(unknown.problem.message.size(), 120u);
}

TEST(GuardrailList, NotesDenialsOfWhatRunsBesideTheCall) {
  const NamedGuardrails named = {{"a", Operators("a", R"({"notNull":{},"async":true,"deny":true})")}};
  const ReadOutcome read = ReadText(
      R"(["a",{"notNull":{},"async":true,"deny":true},{"notNull":{},"async":true},{"notNull":{},"deny":true}])",
      named);
  EXPECT_THAT(read.notes.without_effect, ElementsAre("p[1].deny"));
}

TEST(NamedGuardrail, MayBeRevealed) {
  const auto hidden = Operators("a", R"({"id":"i","notNull":{}})");
  EXPECT_EQ(hidden->name, "a");
  EXPECT_EQ(hidden->id, "i");
  EXPECT_FALSE(hidden->reveal);
  EXPECT_EQ(CalledName(*hidden), "a");
  EXPECT_TRUE(Operators("a", R"({"notNull":{},"reveal":true})")->reveal);
  EXPECT_TRUE(Operators("a", R"({"checks":[{"id":"notNull"}],"reveal":true})")->reveal);
  EXPECT_FALSE(Operators("a", R"({"notNull":{},"reveal":false})")->reveal);

  Problem problem;
  EXPECT_EQ(ReadNamedGuardrail("a", nlohmann::json::parse(R"({"notNull":{},"reveal":"yes"})"), "g", &problem),
            nullptr);
  EXPECT_EQ(problem.path, "g.reveal");
  EXPECT_EQ(ReadNamedGuardrail("a", "b", "g", &problem), nullptr);
  EXPECT_EQ(problem.path, "g");
  EXPECT_EQ(problem.message, "a guardrail is an object");
}

// What came with a call does not decide what it is told.
TEST(GuardrailList, OfACallerMayNotReveal) {
  const ReadOutcome read = ReadText(R"([{"notNull":{},"reveal":true}])");
  EXPECT_FALSE(read.good);
  EXPECT_EQ(read.problem.path, "p[0].reveal");
}

// Where they are written out in a list they are the operator's all the same.
TEST(GuardrailList, OfTheOperatorHasNamesAndMayReveal) {
  const ReadOutcome read =
      ReadText(R"([{"notNull":{}},{"notNull":{},"id":"x","reveal":true},"polite"])",
               {{"polite", Operators("polite", R"({"notNull":{}})")}}, {.owner = ListOwner::kOperator});
  ASSERT_TRUE(read.good) << read.problem.message;
  EXPECT_EQ(read.list.at(0)->name, "p[0]");
  EXPECT_FALSE(read.list.at(0)->reveal);
  EXPECT_EQ(read.list.at(1)->name, "x");
  EXPECT_TRUE(read.list.at(1)->reveal);
  EXPECT_EQ(read.list.at(2)->name, "polite");
  for (const auto& guardrail : ReadText(R"([{"notNull":{},"id":"x"}])").list) EXPECT_EQ(guardrail->name, "");
}

}  // namespace
}  // namespace portolan::guardrails
