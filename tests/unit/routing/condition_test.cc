#include "server/routing/condition.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace portolan::routing {
namespace {

constexpr char kMetadata[] =
    R"({"plan":"paid","age":"42","level":7,"vip":true,"none":null,"tags":["a","b"],"":"unnamed",)"
    R"("team":{"name":"core","sizes":[1,2,{"x":"deep"}]},"quote\"d":"q","Ünï":"ü"})";
constexpr char kParams[] =
    R"({"model":"gpt-4o","max_tokens":1000,"temperature":0.5,"stream":false,"seed":9007199254740993,)"
    R"("messages":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"Hi"}]}]})";
constexpr ConditionFacts kFacts = {kMetadata, kParams, "/v1/chat/completions"};

// Whether a query matches; a test failure if it is none.
bool Matches(std::string_view query, const ConditionFacts& facts = kFacts) {
  std::string problem;
  const std::optional<Condition> condition = Condition::Compile(query, &problem);
  EXPECT_TRUE(condition) << query << ": " << problem;
  EXPECT_EQ(problem, "");
  return condition && condition->Matches(facts);
}

struct Case {
  const char* query;
  bool matches;
};

void Check(const std::vector<Case>& cases) {
  for (const Case& test : cases) EXPECT_EQ(Matches(test.query), test.matches) << test.query;
}

TEST(Condition, ComparesScalarsStrictly) {
  Check({
      {R"({"metadata.plan":"paid"})", true},
      {R"({"metadata.plan":"Paid"})", false},
      {R"({"metadata.plan":"pai"})", false},
      {R"({"metadata.level":7})", true},
      {R"({"metadata.level":7.0})", true},
      {R"({"metadata.level":"7"})", false},
      {R"({"metadata.age":42})", false},
      {R"({"metadata.age":"42"})", true},
      {R"({"metadata.vip":true})", true},
      {R"({"metadata.vip":false})", false},
      {R"({"metadata.vip":"true"})", false},
      {R"({"metadata.vip":1})", false},
      {R"({"metadata.none":null})", true},
      {R"({"metadata.none":false})", false},
      {R"({"metadata.absent":null})", false},
      {R"({"metadata.absent":""})", false},
      {R"({"params.temperature":5e-1})", true},
      {R"({"params.stream":false})", true},
      {R"({"url.pathname":"/v1/chat/completions"})", true},
      {R"({"url.pathname":"/v1/chat"})", false},
      {R"({"metadata.Ünï":"\u00fc"})", true},
      {R"({"metadata.quote\"d":"q"})", true},
      {R"({"metadata.":"unnamed"})", true},
      // Arrays and objects are equal to nothing.
      {R"({"metadata.tags":"a"})", false},
      {R"({"metadata.tags":"[\"a\",\"b\"]"})", false},
      {R"({"metadata.team":"core"})", false},
  });
}

TEST(Condition, HasTheOperators) {
  Check({
      {R"({"metadata.plan":{"$eq":"paid"}})", true},
      {R"({"metadata.plan":{"$eq":"free"}})", false},
      {R"({"metadata.plan":{"$ne":"free"}})", true},
      {R"({"metadata.plan":{"$ne":"paid"}})", false},
      {R"({"metadata.absent":{"$ne":"paid"}})", true},
      {R"({"metadata.level":{"$ne":"7"}})", true},
      {R"({"params.max_tokens":{"$gt":999}})", true},
      {R"({"params.max_tokens":{"$gt":1000}})", false},
      {R"({"params.max_tokens":{"$gte":1000}})", true},
      {R"({"params.max_tokens":{"$gte":1000.5}})", false},
      {R"({"params.max_tokens":{"$lt":1001}})", true},
      {R"({"params.max_tokens":{"$lt":1000}})", false},
      {R"({"params.max_tokens":{"$lte":1000}})", true},
      {R"({"params.max_tokens":{"$lte":999}})", false},
      {R"({"metadata.plan":{"$in":["free","paid"]}})", true},
      {R"({"metadata.plan":{"$in":["free"]}})", false},
      {R"({"metadata.plan":{"$in":[]}})", false},
      {R"({"metadata.level":{"$in":["7"]}})", false},
      {R"({"metadata.level":{"$in":[null,true,7]}})", true},
      {R"({"metadata.absent":{"$in":[null]}})", false},
      {R"({"metadata.plan":{"$nin":["free"]}})", true},
      {R"({"metadata.plan":{"$nin":["paid"]}})", false},
      {R"({"metadata.plan":{"$nin":[]}})", true},
      {R"({"metadata.absent":{"$nin":["paid"]}})", true},
      {R"({"metadata.plan":{"$exists":true}})", true},
      {R"({"metadata.plan":{"$exists":false}})", false},
      {R"({"metadata.absent":{"$exists":true}})", false},
      {R"({"metadata.absent":{"$exists":false}})", true},
      {R"({"metadata.none":{"$exists":true}})", true},
      {R"({"metadata.team":{"$exists":true}})", true},
      {R"({"metadata.plan":{"$regex":"^pa"}})", true},
      {R"({"metadata.plan":{"$regex":"ai"}})", true},
      {R"({"metadata.plan":{"$regex":"^ai"}})", false},
      {R"({"metadata.plan":{"$regex":"(?i)^PAID$"}})", true},
      {R"({"metadata.level":{"$regex":"^7$"}})", true},
      {R"({"metadata.vip":{"$regex":"^true$"}})", true},
      {R"({"metadata.absent":{"$regex":""}})", false},
      {R"({"metadata.plan":{}})", true},  // no operator, no demand
  });
}

// What node says to parseFloat("…") > 41 and so on.
TEST(Condition, OrdersAsParseFloatDoes) {
  struct Text {
    const char* value;  // JSON
    const char* above;  // a number that it is greater than, or nullptr: it is no number
    const char* below;
  };
  const Text cases[] = {
      {R"("42")", "41", "43"},
      {R"("42.5abc")", "42.4", "42.6"},
      {R"("  42")", "41", "43"},
      {R"("\t\n\u000b\f\r42")", "41", "43"},
      {R"("+42")", "41", "43"},
      {R"("-42")", "-43", "-41"},
      {R"("-.5")", "-0.6", "-0.4"},
      {R"(".5")", "0.4", "0.6"},
      {R"("5.")", "4", "6"},
      {R"("1e3")", "999", "1001"},
      {R"("1e")", "0.5", "1.5"},
      {R"("1e+")", "0.5", "1.5"},
      {R"("0x10")", "-0.5", "0.5"},
      {R"("1,000")", "0.5", "1.5"},
      {R"("1e-400")", "-1e-300", "1e-300"},
      {R"("-1e400")", nullptr, "-1e308"},
      {R"("1e400")", "1e308", nullptr},
      {R"("Infinity and beyond")", "1e308", nullptr},
      {R"("-Infinity")", nullptr, "-1e308"},
      {"1e400", "1e308", nullptr},
      {"42", "41", "43"},
      {R"("")", nullptr, nullptr},
      {R"("abc")", nullptr, nullptr},
      {R"("inf")", nullptr, nullptr},
      {R"("infinity")", nullptr, nullptr},
      {R"("nan")", nullptr, nullptr},
      {R"("+-5")", nullptr, nullptr},
      {R"("--5")", nullptr, nullptr},
      {R"("- 5")", nullptr, nullptr},
      {R"("e5")", nullptr, nullptr},
      {R"("$5")", nullptr, nullptr},
      {"true", nullptr, nullptr},
      {"null", nullptr, nullptr},
      {"{}", nullptr, nullptr},
  };
  for (const Text& test : cases) {
    const std::string metadata = R"({"v":)" + std::string(test.value) + "}";
    const ConditionFacts facts = {metadata, {}, {}};
    const auto holds = [&](const char* op, const char* number) {
      const std::string query =
          R"({"metadata.v":{")" + std::string(op) + R"(":)" + (number == nullptr ? "0" : number) + "}}";
      return Matches(query, facts);
    };
    const bool any = test.above != nullptr || test.below != nullptr;
    if (test.above != nullptr) {
      EXPECT_TRUE(holds("$gt", test.above)) << test.value;
      EXPECT_TRUE(holds("$gte", test.above)) << test.value;
      EXPECT_FALSE(holds("$lt", test.above)) << test.value;
    }
    if (test.below != nullptr) {
      EXPECT_TRUE(holds("$lt", test.below)) << test.value;
      EXPECT_TRUE(holds("$lte", test.below)) << test.value;
      EXPECT_FALSE(holds("$gt", test.below)) << test.value;
    }
    if (any) continue;
    for (const char* op : {"$gt", "$gte", "$lt", "$lte"}) EXPECT_FALSE(holds(op, "0")) << test.value;
  }
  // The other side too.
  EXPECT_TRUE(Matches(R"({"params.max_tokens":{"$gt":"999 tokens"}})"));
  EXPECT_FALSE(Matches(R"({"params.max_tokens":{"$gt":"many"}})"));
  EXPECT_FALSE(Matches(R"({"params.absent":{"$lt":1}})"));
}

TEST(Condition, TellsIntegersApartThatNoDoubleCan) {
  Check({
      {R"({"params.seed":9007199254740993})", true},
      {R"({"params.seed":9007199254740992})", false},
      {R"({"params.seed":{"$ne":9007199254740992}})", true},
      {R"({"params.seed":{"$in":[9007199254740992,9007199254740993]}})", true},
      {R"({"params.seed":{"$in":[9007199254740992]}})", false},
  });
}

TEST(Condition, FollowsPathsOfAnyDepth) {
  Check({
      {R"({"metadata.team.name":"core"})", true},
      {R"({"metadata.team.sizes.0":1})", true},
      {R"({"metadata.team.sizes.1":2})", true},
      {R"({"metadata.team.sizes.2.x":"deep"})", true},
      {R"({"metadata.team.sizes.3":{"$exists":false}})", true},
      {R"({"metadata.team.sizes.-1":{"$exists":false}})", true},
      {R"({"metadata.team.sizes.x":{"$exists":false}})", true},
      {R"({"metadata.team.sizes.1x":{"$exists":false}})", true},
      {R"({"metadata.team.sizes.99999999999999999999":{"$exists":false}})", true},
      {R"({"metadata.team.name.x":{"$exists":false}})", true},
      {R"({"metadata.plan.0":{"$exists":false}})", true},
      {R"({"metadata.tags.1":"b"})", true},
      {R"({"params.messages.0.role":"system"})", true},
      {R"({"params.messages.1.content.0.text":"Hi"})", true},
      {R"({"params.messages.1.content.0.text":"s"})", false},
      {R"({"params.messages.2":{"$exists":true}})", false},
      {R"({"metadata.team..name":{"$exists":false}})", true},
  });
}

TEST(Condition, JoinsAllItsMembers) {
  const std::string yes = R"("metadata.plan":"paid")";
  const std::string no = R"("metadata.plan":"free")";
  const auto object = [](const std::string& members) { return "{" + members + "}"; };
  EXPECT_TRUE(Matches("{}"));
  EXPECT_TRUE(Matches(object(yes + R"(,"metadata.level":7)")));
  EXPECT_FALSE(Matches(object(yes + R"(,"metadata.level":8)")));
  EXPECT_FALSE(Matches(object(no + R"(,"metadata.level":7)")));

  for (const bool first : {true, false}) {
    for (const bool second : {true, false}) {
      const std::string both = object(first ? yes : no) + "," + object(second ? yes : no);
      EXPECT_EQ(Matches(R"({"$and":[)" + both + "]}"), first && second);
      EXPECT_EQ(Matches(R"({"$or":[)" + both + "]}"), first || second);
    }
    EXPECT_EQ(Matches(R"({"$not":)" + object(first ? yes : no) + "}"), !first);
    EXPECT_EQ(Matches(R"({"$not":{"$not":)" + object(first ? yes : no) + "}}"), first);
  }
  EXPECT_TRUE(Matches(R"({"$and":[]})"));
  EXPECT_FALSE(Matches(R"({"$or":[]})"));
  EXPECT_FALSE(Matches(R"({"$not":{}})"));
  EXPECT_FALSE(Matches(R"({"$not":{"metadata.plan":"paid","metadata.level":7}})"));
  EXPECT_TRUE(Matches(R"({"$not":{"metadata.plan":"paid","metadata.level":8}})"));
}

TEST(Condition, HonoursSiblings) {
  const std::string no = R"("metadata.level":8)";
  const std::vector<std::string> yes = {
      R"("$and":[{"metadata.plan":"paid"}])", R"("$or":[{"metadata.plan":"paid"}])",
      R"("$not":{"metadata.plan":"free"})",   R"("metadata.plan":{"$regex":"paid"})",
      R"("metadata.plan":{"$eq":"paid"})",    R"("metadata.plan":{"$not":{"$eq":"free"}})"};
  for (const std::string& member : yes) {
    EXPECT_TRUE(Matches("{" + member + "}")) << member;
    EXPECT_FALSE(Matches("{" + member + "," + no + "}")) << member;
    EXPECT_FALSE(Matches("{" + no + "," + member + "}")) << member;
  }
  Check({
      {R"({"metadata.plan":{"$regex":"paid","$ne":"paid"}})", false},
      {R"({"metadata.plan":{"$ne":"paid","$regex":"paid"}})", false},
      {R"({"metadata.plan":{"$regex":"^p","$in":["paid"]}})", true},
      {R"({"params.max_tokens":{"$gt":1,"$lt":5000}})", true},
      {R"({"params.max_tokens":{"$gt":1,"$lt":500}})", false},
      {R"({"params.max_tokens":{"$not":{"$gt":1,"$lt":500}}})", true},
      {R"({"params.max_tokens":{"$not":{"$gt":1},"$lt":5000}})", false},
      {R"({"$or":[{"metadata.plan":"free"}],"$and":[{"metadata.level":7}]})", false},
      {R"({"$and":[{"$or":[{"metadata.plan":"free"},{"metadata.vip":true}]},{"$not":{"metadata.level":8}}]})",
       true},
  });
}

TEST(Condition, TakesMetadataThatAreNoObjectForAnEmptyOne) {
  for (const std::string_view metadata :
       {"", "[object Object]", "null", "[]", "\"paid\"", "{", R"({"plan":"paid")", R"({"plan":"paid"} x)",
        R"({"plan":"paid","x":})", R"([{"plan":"paid"}])", "{\"plan\":\"paid\",\"x\":\"\xff\"}"}) {
    const ConditionFacts facts = {metadata, kParams, "/"};
    EXPECT_FALSE(Matches(R"({"metadata.plan":{"$exists":true}})", facts)) << metadata;
    EXPECT_FALSE(Matches(R"({"metadata.0":{"$exists":true}})", facts)) << metadata;
    EXPECT_TRUE(Matches(R"({"metadata.plan":{"$ne":"paid"}})", facts)) << metadata;
    EXPECT_TRUE(Matches(R"({"params.model":"gpt-4o"})", facts)) << metadata;
  }
}

TEST(Condition, TakesACallWithoutABodyForOneWithoutParams) {
  const ConditionFacts facts = {kMetadata, "", "/v1/models"};
  EXPECT_FALSE(Matches(R"({"params.model":"gpt-4o"})", facts));
  EXPECT_TRUE(Matches(R"({"params.model":{"$exists":false}})", facts));
}

TEST(Condition, SaysWhetherItReadsTheBody) {
  struct Reading {
    const char* query;
    bool params;
  };
  const Reading cases[] = {
      {"{}", false},
      {R"({"metadata.a":1,"url.pathname":"/"})", false},
      {R"({"params.a":1})", true},
      {R"({"metadata.a":1,"params.a":{"$exists":true}})", true},
      {R"({"$or":[{"metadata.a":1},{"$not":{"$and":[{"params.a":1}]}}]})", true},
      {R"({"metadata.a":{"$not":{"$eq":1}}})", false},
      {R"({"params.a":{"$not":{"$eq":1}}})", true},
  };
  for (const Reading& test : cases) {
    std::string problem;
    const auto condition = Condition::Compile(test.query, &problem);
    ASSERT_TRUE(condition) << problem;
    EXPECT_EQ(condition->reads_params(), test.params) << test.query;
  }
}

TEST(Condition, NamesWhatIsWrong) {
  struct Wrong {
    std::string query;
    const char* problem;
  };
  const Wrong cases[] = {
      {"null", "a query must be an object, got null"},
      {"[]", "a query must be an object, got an array"},
      {R"("metadata.a")", "a query must be an object, got a string"},
      {R"({"plan":"paid"})", "\"plan\" must begin with metadata. or params., or be url.pathname"},
      {R"({"metadata":{}})", "\"metadata\" must begin with metadata. or params., or be url.pathname"},
      {R"({"url.host":"h"})", "\"url.host\" must begin with metadata. or params., or be url.pathname"},
      {R"({"headers.x":"h"})", "\"headers.x\" must begin with metadata. or params., or be url.pathname"},
      {R"({"$nor":[]})", "\"$nor\" is no operator"},
      {R"({"metadata.a":{"$like":"x"}})", "\"$like\" is no operator"},
      {R"({"metadata.a":{"b":"x"}})", "\"b\" is no operator"},
      {R"({"metadata.a":{"$not":{"$like":"x"}}})", "\"$like\" is no operator"},
      {R"({"$and":{}})", "$and must be an array, got an object"},
      {R"({"$or":[1]})", "a query must be an object, got a number"},
      {R"({"$or":[{"$and":null}]})", "$and must be an array, got null"},
      {R"({"$not":[]})", "a query must be an object, got an array"},
      {R"({"metadata.a":{"$not":1}})", "$not must be an object, got a number"},
      {R"({"metadata.a":{"$in":"x"}})", "$in must be an array, got a string"},
      {R"({"metadata.a":{"$nin":{}}})", "$nin must be an array, got an object"},
      {R"({"metadata.a":{"$exists":1}})", "$exists must be a boolean, got a number"},
      {R"({"metadata.a":{"$regex":1}})", "$regex must be a string, got a number"},
      {R"({"metadata.a":{"$eq":{}}})", "$eq must be a string, a number, a boolean or null"},
      {R"({"metadata.a":{"$gt":[]}})", "$gt must be a string, a number, a boolean or null"},
      {R"({"metadata.a":[1]})", "the value of metadata.a must be a string, a number, a boolean or null"},
      {R"({"metadata.a":{"$regex":"("}})", "the pattern of $regex: missing ): ("},
      {R"q({"metadata.a":{"$regex":"(?=x)"}})q", "the pattern of $regex: invalid perl operator: (?="},
      {R"({"metadata.a":{"$regex":"(x)\\1"}})", "the pattern of $regex: invalid escape sequence: \\1"},
      {R"({"metadata.a":{"$regex":")" + std::string(1025, 'x') + "\"}}",
       "the pattern of $regex is longer than 1024 bytes"},
      {R"q({"metadata.a":{"$regex":"((((x{100}){10}){10}){10})"}})q",
       "the pattern of $regex: invalid repetition size"},
      // Within RE2's own bound, not within ours.
      {R"({"metadata.a":{"$regex":"\\pL{100}"}})", "the pattern of $regex: pattern too large"},
  };
  for (const Wrong& test : cases) {
    std::string problem = "of before";
    EXPECT_FALSE(Condition::Compile(test.query, &problem)) << test.query.substr(0, 100);
    EXPECT_TRUE(problem.starts_with(test.problem)) << test.query.substr(0, 100) << " gave: " << problem;
  }
}

// A pattern for which engines that backtrack take longer than the universe lasts.
TEST(Condition, MatchesPatternsInLinearTime) {
  const std::string metadata = R"({"v":")" + std::string(20'000, 'a') + R"("})";
  const ConditionFacts facts = {metadata, {}, {}};
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(Matches(R"({"metadata.v":{"$regex":"^(a+)+(a|aa)+(a*)*b$"}})", facts));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

TEST(Condition, CanBeMoved) {
  std::string problem;
  auto condition = Condition::Compile(R"({"metadata.plan":"paid"})", &problem);
  ASSERT_TRUE(condition);
  Condition moved = *std::move(condition);
  EXPECT_TRUE(moved.Matches(kFacts));
  auto other = Condition::Compile(R"({"metadata.plan":"free"})", &problem);
  moved = *std::move(other);
  EXPECT_FALSE(moved.Matches(kFacts));
}

}  // namespace
}  // namespace portolan::routing
