#include "server/codec/splice.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "tests/unit/codec/fixture.h"

namespace portolan::codec::test {
namespace {

Edit Set(std::string name, std::string json) { return {Edit::Kind::kSet, std::move(name), std::move(json)}; }
Edit Remove(std::string name) { return {Edit::Kind::kRemove, std::move(name), ""}; }

class SpliceTest : public CodecTest {
 protected:
  std::string Spliced(const std::string& json, const std::vector<Edit>& edits,
                      Strictness strictness = Strictness::kRequest) const {
    std::vector<MemberSpan> spans;
    DecodeOptions options;
    options.strictness = strictness;
    options.spans = &spans;
    DecodeError error;
    EXPECT_TRUE(Decode(plan_, json, options, nullptr, &error)) << json << error.ToString();
    GatherList pieces;
    Splice(json, spans, edits, plan_, &pieces);
    std::string out;
    for (const std::string_view piece : pieces) out.append(piece);
    return out;
  }

  // The two ways to edit come to the same.
  void ExpectAgreement(const std::string& json, const std::vector<Edit>& edits) const {
    Chat message;
    DecodeError error;
    ASSERT_TRUE(Decode(plan_, json, {}, &message, &error)) << error.ToString();
    ASSERT_TRUE(ApplyEdits(plan_, edits, &message, &error)) << error.ToString();
    std::string applied;
    Encode(plan_, message, {}, &applied);
    const std::string spliced = Spliced(json, edits);
    EXPECT_EQ(nlohmann::json::parse(spliced), nlohmann::json::parse(applied)) << spliced << '\n' << applied;
  }

  const MessagePlan& plan_ = Plan(Chat::descriptor());
};

TEST_F(SpliceTest, EverythingElseStaysAsItWas) {
  struct Case {
    std::string json;
    std::vector<Edit> edits;
    std::string expected;
  };
  const std::string three = R"( { "model" : "m" , "new" : 1.0 , "seed" : 1 } )";
  const std::vector<Case> cases = {
      {three, {}, three},
      {three, {Set("model", "\"n\"")}, R"( { "model" : "n" , "new" : 1.0 , "seed" : 1 } )"},
      {three, {Set("seed", "2"), Set("new", "[]")}, R"( { "model" : "m" , "new" : [] , "seed" : 2 } )"},
      {three, {Remove("model")}, R"( { "new" : 1.0 , "seed" : 1 } )"},
      {three, {Remove("new")}, R"( { "model" : "m" , "seed" : 1 } )"},
      {three, {Remove("seed")}, R"( { "model" : "m" , "new" : 1.0 } )"},
      {three, {Remove("model"), Remove("new")}, R"( { "seed" : 1 } )"},
      {three, {Remove("new"), Remove("seed")}, R"( { "model" : "m" } )"},
      {three, {Remove("model"), Remove("seed")}, R"( { "new" : 1.0 } )"},
      {three, {Remove("model"), Remove("new"), Remove("seed")}, R"( {  } )"},
      {three, {Remove("model"), Remove("new"), Remove("seed"), Set("user", "\"u\"")}, R"( { "user":"u" } )"},
      {three,
       {Set("user", "\"u\""), Set("x", "{}")},
       R"( { "model" : "m" , "new" : 1.0 , "seed" : 1,"user":"u","x":{} } )"},
      {three, {Remove("model"), Set("seed", "2")}, R"( { "new" : 1.0 , "seed" : 2 } )"},
      {three,
       {Set("model", "1"), Set("model", "\"last\"")},
       R"( { "model" : "last" , "new" : 1.0 , "seed" : 1 } )"},
      {three, {Set("user", "1"), Remove("user")}, three},
      {three, {Remove("user"), Remove("nothing")}, three},
      {" { } ", {Set("model", "\"m\"")}, R"( {"model":"m" } )"},
      {"{}", {Set("a", "1"), Set("b", "2")}, R"({"a":1,"b":2})"},
      {"{}", {Set("a\"\n\\", "1")}, R"({"a\"\n\\":1})"},
      {R"({"n\u0065w":1,"mod\u0065l":"m"})", {Set("new", "2"), Remove("model")}, R"({"n\u0065w":2})"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(Spliced(c.json, c.edits), c.expected);
    if (c.expected.find("\"model\" : 1") == std::string::npos) ExpectAgreement(c.json, c.edits);
  }
}

TEST_F(SpliceTest, OfDuplicatesInAnAnswerTheLastCounts) {
  EXPECT_EQ(Spliced(R"({"seed":1,"seed":2})", {Set("seed", "3")}, Strictness::kResponse),
            R"({"seed":1,"seed":3})");
  EXPECT_EQ(Spliced(R"({"seed":1,"x":0,"seed":2})", {Remove("seed")}, Strictness::kResponse), R"({"x":0})");
}

TEST_F(SpliceTest, EverySubsetOfEditsAgreesWithTheTypedMessage) {
  const std::string json =
      R"({"model":"m","portolan":{"provider":"p"},"messages":[],"stop":null,"new":{"a":[1]},"tools":[],"seed":5})";
  const std::vector<Edit> all = {
      Set("model", "\"n\""), Remove("portolan"),        Set("messages", R"([{"role":"user"}])"),
      Set("stop", "[]"),     Set("new", " {\"b\":2} "), Set("tools", "null"),
      Remove("seed"),        Set("later", "1e5"),       Set("metadata", R"({"k":"v"})")};
  for (unsigned subset = 0; subset < 1U << all.size(); ++subset) {
    std::vector<Edit> edits;
    for (size_t i = 0; i < all.size(); ++i) {
      if ((subset >> i & 1) != 0) edits.push_back(all[i]);
    }
    ExpectAgreement(json, edits);
  }
}

TEST_F(SpliceTest, ValuesThatDoNotFitAreRefused) {
  Chat message;
  DecodeError error;
  const std::vector<Edit> edits = {Set("seed", "\"x\"")};
  EXPECT_FALSE(ApplyEdits(plan_, edits, &message, &error));
  EXPECT_EQ(error.ToString(), "seed: expected a number, got a string");
  const std::vector<Edit> not_json = {Set("new", "1 2")};
  EXPECT_FALSE(ApplyEdits(plan_, not_json, &message, &error));
}

TEST_F(SpliceTest, UnknownMembersKeepTheirPlaceInTheTypedMessage) {
  Chat message;
  DecodeError error;
  ASSERT_TRUE(Decode(plan_, R"({"x":1,"y":2,"z":3})", {}, &message, &error));
  const std::vector<Edit> edits = {Set("y", "[]")};
  ASSERT_TRUE(ApplyEdits(plan_, edits, &message, &error));
  std::string out;
  Encode(plan_, message, {}, &out);
  EXPECT_EQ(out, R"({"x":1,"y":[],"z":3})");
}

}  // namespace
}  // namespace portolan::codec::test
