// What a guardrail's text of a request changes in it, as edits; and what they come to in the payload, spliced
// and typed.

#include "server/core/hook_edits.h"

#include <google/protobuf/message.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/unit/core/test_call.h"

namespace portolan::core {
namespace {

using codec::Edit;

const codec::MessagePlan& PlanOf(CallState& call) { return *call.operation.request; }

// `+name=json` for a member that is set, `-name` for one that goes.
std::string Told(const std::vector<Edit>& edits) {
  std::string text;
  for (const Edit& edit : edits) {
    text += text.empty() ? "" : " ";
    text += edit.kind == Edit::Kind::kSet ? "+" + edit.name + "=" + edit.json : "-" + edit.name;
  }
  return text;
}

struct Case {
  const char* before;
  const char* after;
  const char* edits;
};

const std::vector<Case> kCases = {
    {R"({"model":"m","seed":1})", R"({"model":"m","seed":1})", ""},
    {R"({"seed":1,"user":"u"})", R"({ "user" : "u", "seed" : 1 })", ""},  // order and blanks are no change
    {R"({"seed":1})", R"({"seed":2})", "+seed=2"},
    {R"({"seed":1})", R"({"seed":1.0})", "+seed=1.0"},  // told apart by their text
    {R"({"seed":1})", R"({"seed":1,"x":[{"a":null}]})", R"(+x=[{"a":null}])"},
    {R"({"seed":1,"x":1,"user":"u"})", R"({"user":"u"})", "-seed -x"},
    {R"({"a":1,"b":2})", R"({"b":3,"c":4})", "+b=3 +c=4 -a"},
    {R"({"x":1})", R"({"\u0078":1})", "+x=1 -x"},
    {R"({"a\"b":1})", R"({"a\"b":2})", "+a\"b=2"},
    {R"({"messages":[{"role":"user","content":"a"}]})", R"({"messages":[{"role":"user","content":"b"}]})",
     R"(+messages=[{"role":"user","content":"b"}])"},
    {R"({})", R"({})", ""},
};

TEST(HookEdits, AreTheMembersThatDiffer) {
  TestCall call(R"({"model":"m"})");
  for (const Case& c : kCases) {
    std::vector<Edit> edits;
    AddEdits(PlanOf(*call), c.before, c.after, &edits);
    EXPECT_EQ(Told(edits), c.edits) << c.before << c.after;
  }
}

TEST(HookEdits, AreAddedToThoseThatAreThere) {
  TestCall call(R"({"model":"m"})");
  std::vector<Edit> edits = {{Edit::Kind::kSet, "user", "\"u\""}};
  AddEdits(PlanOf(*call), R"({"seed":1})", R"({"seed":2})", &edits);
  EXPECT_EQ(Told(edits), R"(+user="u" +seed=2)");
}

TEST(HookEdits, OfARequestLeaveWhatWasDecidedBefore) {
  TestCall call(R"({"model":"m"})");
  std::vector<Edit> edits;
  AddRequestEdits(PlanOf(*call), R"({"model":"m","stream":true,"stream_options":{},"portolan":{},"seed":1})",
                  R"({"model":"other","stream":false,"portolan":{"provider":"x"},"seed":2})", &edits);
  EXPECT_EQ(Told(edits), "+seed=2");
}

// What is spliced says the same as what is typed, and the original is left alone.
TEST(PayloadEdits, SayTheSameAsTextAndAsMessage) {
  constexpr char kBody[] = R"({ "model":"m" , "novel":[1.0], "seed":1 })";
  const struct {
    std::vector<Edit> edits;
    const char* text;
  } cases[] = {
      {{}, kBody},
      {{{Edit::Kind::kSet, "seed", "2"}}, R"({ "model":"m" , "novel":[1.0], "seed":2 })"},
      {{{Edit::Kind::kSet, "user", "\"u\""}}, R"({ "model":"m" , "novel":[1.0], "seed":1 ,"user":"u"})"},
      {{{Edit::Kind::kSet, "seed", "2"}, {Edit::Kind::kSet, "seed", "3"}},
       R"({ "model":"m" , "novel":[1.0], "seed":3 })"},
      {{{Edit::Kind::kRemove, "seed", {}}, {Edit::Kind::kSet, "novel", "{}"}}, R"({"model":"m","novel":{}})"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(Told(c.edits));
    for (const bool splice : {true, false}) {
      TestCall call(kBody);
      std::string buffer;
      codec::GatherList pieces;
      ASSERT_FALSE(call->payload.ToJson(c.edits, splice, &buffer, &pieces));
      std::string text;
      for (const std::string_view piece : pieces) text += piece;
      EXPECT_EQ(nlohmann::json::parse(text), nlohmann::json::parse(c.text)) << splice;
      const google::protobuf::Message* message = nullptr;
      ASSERT_FALSE(call->payload.ToMessage(c.edits, &message));
      std::string encoded;
      codec::Encode(PlanOf(*call), *message, {}, &encoded);
      EXPECT_EQ(nlohmann::json::parse(encoded), nlohmann::json::parse(c.text)) << splice;
      EXPECT_EQ(call->payload.Text(), kBody);
    }
  }
}

TEST(PayloadEdits, OfAWrongTypeAreRefusedWhereTheyAreTyped) {
  TestCall call(R"({"model":"m"})");
  const std::vector<Edit> edits = {{Edit::Kind::kSet, "seed", "\"x\""}};
  const google::protobuf::Message* message = nullptr;
  const auto error = call->payload.ToMessage(edits, &message);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->http_status, 400);
  EXPECT_EQ(error->code, "invalid_value");
  EXPECT_EQ(error->param, "seed");
}

}  // namespace
}  // namespace portolan::core
