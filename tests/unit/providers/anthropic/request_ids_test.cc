// The ids of calls and results: `^[a-zA-Z0-9_-]+$`, each once in a conversation, and every result names the
// call of the message before that it answers.

#include <gtest/gtest.h>

#include <cctype>
#include <random>
#include <set>

#include "tests/unit/providers/anthropic/harness.h"

namespace portolan::providers::anthropic {
namespace {

using nlohmann::json;

const Harness& TheHarness() {
  static const Harness* const harness = new Harness;
  return *harness;
}

// A message that calls, one call for each of the ids. null: the call has none.
json Calls(const json& ids) {
  json calls = json::array();
  for (const json& id : ids) {
    calls.push_back({{"type", "function"}, {"function", {{"name", "f"}, {"arguments", "{}"}}}});
    if (!id.is_null()) calls.back()["id"] = id;
  }
  return {{"role", "assistant"}, {"content", nullptr}, {"tool_calls", calls}};
}

json Result(const json& id, const char* content) {
  json result = {{"role", "tool"}, {"content", content}};
  if (!id.is_null()) result["tool_call_id"] = id;
  return result;
}

json User() { return {{"role", "user"}, {"content", "q"}}; }

// What was sent, a text for each message: `call ID ID`, `result ID=CONTENT`, `user`.
std::vector<std::string> Sent(const json& messages) {
  const auto sent = TheHarness().Encode({{"model", "claude-sonnet-4-5"}, {"messages", messages}});
  if (sent.error) return {sent.error->param + ": " + sent.error->message};
  std::vector<std::string> out;
  for (const json& message : sent.wire["messages"]) {
    std::string text = message["role"] == "user" ? "user" : "call";
    for (const json& block : message["content"].is_array() ? message["content"] : json::array()) {
      if (block["type"] == "tool_use") text += " " + block["id"].get<std::string>();
      if (block["type"] != "tool_result") continue;
      text += " " + block["tool_use_id"].get<std::string>() + "=" + block.value("content", "");
    }
    out.push_back(text);
  }
  return out;
}

using Texts = std::vector<std::string>;

TEST(RequestIds, OfEveryTurnAnewAreMadeUnique) {
  const json messages = {User(),
                         Calls({"call_0"}),
                         Result("call_0", "1"),
                         Calls({"call_0", "call_1"}),
                         Result("call_1", "2b"),
                         Result("call_0", "2a"),
                         User(),
                         Calls({"call_0"}),
                         Result("call_0", "3")};
  EXPECT_EQ(Sent(messages),
            (Texts{"user", "call call_0", "user call_0=1", "call call_0_2 call_1",
                   "user call_1=2b call_0_2=2a", "user", "call call_0_3", "user call_0_3=3"}));
}

TEST(RequestIds, OfParallelCallsThatAreOneAreAnsweredInOrder) {
  const json messages = {User(),           Calls({"x", "x", "x"}), Result("x", "1"), Result("x", "2"),
                         Result("x", "3"), Calls({"x", "x"}),      Result("x", "4"), Result("x", "5")};
  EXPECT_EQ(Sent(messages),
            (Texts{"user", "call x x_2 x_3", "user x=1 x_2=2 x_3=3", "call x_4 x_5", "user x_4=4 x_5=5"}));
}

TEST(RequestIds, OfNeighbouringMessagesAreOfOneTurn) {
  const json messages = {User(), Calls({"x"}), Calls({"x"}), Result("x", "1"), Result("x", "2")};
  EXPECT_EQ(Sent(messages), (Texts{"user", "call x", "call x_2", "user x=1 x_2=2"}));
  // What says nothing does not stand between them.
  json with_blank = messages;
  with_blank.insert(with_blank.begin() + 2, json{{"role", "user"}, {"content", " "}});
  EXPECT_EQ(Sent(with_blank), Sent(messages));
}

TEST(RequestIds, AreOfTheLastTurnWhereACallWasNeverAnswered) {
  const json messages = {User(), Calls({"x"}), User(), Calls({"x"}), Result("x", "2")};
  EXPECT_EQ(Sent(messages), (Texts{"user", "call x", "user", "call x_2", "user x_2=2"}));
}

TEST(RequestIds, ThatBecomeEqualStayApart) {
  const json messages = {User(),
                         Calls({"f:0", "f.0", "f_0", "f_0_2"}),
                         Result("f_0", "c"),
                         Result("f:0", "a"),
                         Result("f_0_2", "d"),
                         Result("f.0", "b")};
  EXPECT_EQ(Sent(messages),
            (Texts{"user", "call f_0 f_0_2 f_0_3 f_0_2_2", "user f_0_3=c f_0=a f_0_2_2=d f_0_2=b"}));
}

TEST(RequestIds, ThatAreMissingAreGiven) {
  EXPECT_EQ(Sent({User(), Calls({""}), Result("", "1"), User()}),
            (Texts{"user", "call call_2", "user call_2=1", "user"}));
  EXPECT_EQ(
      Sent({User(), Calls({nullptr, nullptr}), Result(nullptr, "1"), Result("", "2"), Calls({""}),
            Result(nullptr, "3")}),
      (Texts{"user", "call call_2 call_2_2", "user call_2=1 call_2_2=2", "call call_4", "user call_4=3"}));
  // One that the caller chose is not given again.
  EXPECT_EQ(Sent({User(), Calls({"call_2", ""}), Result("", "1"), Result("call_2", "2")}),
            (Texts{"user", "call call_2 call_2_2", "user call_2_2=1 call_2=2"}));
}

TEST(RequestIds, OfTheDeprecatedFormAreGivenInEveryTurn) {
  const json call = {{"role", "assistant"}, {"function_call", {{"name", "f"}, {"arguments", "{}"}}}};
  const auto result = [](const char* content) {
    return json{{"role", "function"}, {"name", "f"}, {"content", content}};
  };
  EXPECT_EQ(Sent({User(), call, result("1"), call, result("2")}),
            (Texts{"user", "call call_2", "user call_2=1", "call call_4", "user call_4=2"}));
}

TEST(RequestIds, OfResultsThatNameNoCallAreOnlyMadeFit) {
  EXPECT_EQ(Sent({User(), Result("a:b", "1")}), (Texts{"user", "user a_b=1"}));
  EXPECT_EQ(Sent({User(), Calls({"x"}), Result(nullptr, "1")}),
            (Texts{"messages[2].tool_call_id: a tool's answer must name the call it answers"}));
}

TEST(RequestIds, OfASecondResultStayThoseOfTheCall) {
  EXPECT_EQ(Sent({User(), Calls({"x"}), Result("x", "1"), Result("x", "2")}),
            (Texts{"user", "call x", "user x=1 x=2"}));
}

TEST(RequestIds, OfGivenBlocksTakePart) {
  const json blocks = {{"role", "assistant"},
                       {"content_blocks",
                        {{{"type", "tool_use"}, {"id", "x.1"}, {"name", "f"}, {"input", json::object()}},
                         {{"type", "tool_use"}, {"id", ""}, {"name", "f"}, {"input", json::object()}},
                         {{"type", "tool_use"}, {"id", nullptr}, {"name", "f"}, {"input", json::object()}}}}};
  const json results = {{"role", "user"},
                        {"content_blocks",
                         {{{"type", "tool_result"}, {"tool_use_id", "x.1"}, {"content", "1"}},
                          {{"type", "tool_result"}, {"tool_use_id", ""}, {"content", "2"}},
                          {{"type", "tool_result"}, {"tool_use_id", nullptr}, {"content", "3"}}}}};
  EXPECT_EQ(
      Sent({User(), Calls({"x_1"}), Result("x_1", "0"), blocks, results, Calls({"x.1"}), Result("x.1", "4")}),
      (Texts{"user", "call x_1", "user x_1=0", "call x_1_2 call_4 call_4_2",
             "user x_1_2=1 call_4=2 call_4_2=3", "call x_1_3", "user x_1_3=4"}));
}

TEST(RequestIds, OfPartsInAnthropicsFormTakePart) {
  const json call = {{"role", "assistant"},
                     {"content",
                      {{{"type", "tool_use"}, {"id", "x"}, {"name", "f"}, {"input", json::object()}},
                       {{"type", "tool_use"}, {"id", "\u00e9"}, {"name", "f"}, {"input", json::object()}}}}};
  const json result = {{"role", "user"},
                       {"content",
                        {{{"type", "tool_result"}, {"tool_use_id", "\u00e9"}, {"content", "2"}},
                         {{"type", "tool_result"}, {"tool_use_id", "x"}, {"content", "1"}}}}};
  EXPECT_EQ(Sent({User(), Calls({"x"}), Result("x", "0"), call, result}),
            (Texts{"user", "call x", "user x=0", "call x_2 __", "user __=2 x_2=1"}));
}

// What a conversation has said once it says again, whatever follows: the provider's cache goes by that.
TEST(RequestIds, DependOnNothingThatFollows) {
  const json messages = {User(),           Calls({"x", "", "x"}), Result("x", "1"), Result("", "2"),
                         Result("x", "3"), Calls({"x", ""}),      Result("x", "4"), Result("", "5"),
                         Calls({"x_2"}),   Result("x_2", "6")};
  const auto whole = TheHarness().Encode({{"model", "claude-sonnet-4-5"}, {"messages", messages}});
  for (size_t size : {5u, 8u}) {
    const json part(messages.begin(), messages.begin() + static_cast<std::ptrdiff_t>(size));
    const auto sent = TheHarness().Encode({{"model", "claude-sonnet-4-5"}, {"messages", part}});
    for (size_t i = 0; i < sent.wire["messages"].size(); ++i)
      EXPECT_EQ(sent.wire["messages"][i], whole.wire["messages"][i]);
  }
}

// Any history whose results stand in the order of the calls that bear the same id comes out as Anthropic
// wants it.
TEST(RequestIds, AreInOrderHoweverTheyWere) {
  std::mt19937 random(11);
  const std::vector<json> pool = {"a",      "a_2",    "a.2",    "a_2_2", "",   nullptr,
                                  "call_2", "call_4", "\u6f22", "b:b",   "b_b"};
  for (int round = 0; round < 300; ++round) {
    json messages = json::array({User()});
    Texts answers;  // in the order of the calls
    for (int turn = 0; turn < 4; ++turn) {
      json ids = json::array();
      for (size_t n = 1 + random() % 4; n > 0; --n) ids.push_back(pool[random() % pool.size()]);
      messages.push_back(Calls(ids));
      for (const json& id : ids) {
        answers.push_back(std::to_string(answers.size()));
        messages.push_back(Result(id, answers.back().c_str()));
      }
    }
    const auto sent = TheHarness().Encode({{"model", "claude-sonnet-4-5"}, {"messages", messages}});
    ASSERT_FALSE(sent.error);
    std::set<std::string> seen;
    size_t answered = 0;
    const json& wire = sent.wire["messages"];
    for (size_t i = 1; i < wire.size(); i += 2) {
      const json& calls = wire[i]["content"];
      const json& results = wire[i + 1]["content"];
      ASSERT_EQ(calls.size(), results.size());
      for (size_t k = 0; k < calls.size(); ++k) {
        const std::string id = calls[k]["id"];
        EXPECT_TRUE(seen.insert(id).second) << id << " stands twice in " << messages;
        EXPECT_FALSE(id.empty());
        for (const char c : id)
          EXPECT_TRUE(std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-');
        EXPECT_EQ(results[k]["tool_use_id"], id) << messages;
        EXPECT_EQ(results[k]["content"], answers[answered++]);
      }
    }
    EXPECT_EQ(answered, answers.size());
  }
}

}  // namespace
}  // namespace portolan::providers::anthropic
