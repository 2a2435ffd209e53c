#include "server/telemetry/ids.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace portolan::telemetry {
namespace {

// The published test vector for the state 1, 2, 3, 4: 41943041, 58720359, 3588806011781223, 3591011842654386.
TEST(IdGenerator, IsXoshiro256PlusPlus) {
  IdGenerator ids({1, 2, 3, 4});
  EXPECT_EQ(ids.Next().view(), "00000000028000010000000003800067");
  EXPECT_EQ(ids.Next().view(), "000cc00003800067000cc201994400b2");
}

TEST(IdGenerator, IdsAre32LowerCaseHexDigitsAndUnique) {
  IdGenerator first;
  IdGenerator second;
  std::set<std::string> seen;
  for (int i = 0; i < 10'000; ++i) {
    for (IdGenerator* ids : {&first, &second}) {
      const std::string id = ids->Next().str();
      ASSERT_EQ(id.size(), 32u);
      ASSERT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos) << id;
      ASSERT_TRUE(seen.insert(id).second);
    }
  }
}

TEST(RequestId, OnlySaneOnesAreTaken) {
  for (const char* good : {"a", "abc-DEF_1.2", "0"}) EXPECT_TRUE(IsSaneRequestId(good)) << good;
  EXPECT_TRUE(IsSaneRequestId(std::string(128, 'a')));
  EXPECT_FALSE(IsSaneRequestId(std::string(129, 'a')));
  for (const char* bad : {"", " a", "a b", "a/b", "a\r\nset-cookie: x", "\xC3\xA4", "a\"b", "a\x7F"}) {
    EXPECT_FALSE(IsSaneRequestId(bad)) << bad;
  }
  EXPECT_FALSE(IsSaneRequestId(std::string_view("a\0b", 3)));
}

// The examples of https://www.w3.org/TR/trace-context/ and its rules.
TEST(Traceparent, IsReadAsTheSpecificationSays) {
  const std::string id = "0af7651916cd43dd8448eb211c80319c";
  const std::string parent = "b7ad6b7169203331";
  const std::string zero16(16, '0');
  struct Case {
    std::string header;
    bool valid;
  };
  const std::vector<Case> cases = {
      {"00-" + id + "-" + parent + "-01", true},
      {"00-" + id + "-" + parent + "-00", true},
      {"cc-" + id + "-" + parent + "-01", true},
      {"cc-" + id + "-" + parent + "-01-what-the-future-will-be-like", true},
      {"cc-" + id + "-" + parent + "-01.what", false},
      {"00-" + id + "-" + parent + "-01-more", false},
      {"00-" + id + "-" + parent + "-01-", false},
      {"ff-" + id + "-" + parent + "-01", false},
      {"00-" + zero16 + zero16 + "-" + parent + "-01", false},
      {"00-" + id + "-" + zero16 + "-01", false},
      {"00-0AF7651916CD43DD8448EB211C80319C-" + parent + "-01", false},
      {"00-" + id + "-" + parent + "-0X", false},
      {"00-" + id + "-" + parent, false},
      {"00_" + id + "-" + parent + "-01", false},
      {"", false},
  };
  for (const Case& c : cases) EXPECT_EQ(TraceIdOfTraceparent(c.header), c.valid ? id : "") << c.header;
}

TEST(TraceId, IsTheCallersElseTraceparentsElseNew) {
  IdGenerator ids;
  const std::string traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const auto choose = [&](std::vector<HeaderView> headers) { return ChooseTraceId(headers, ids); };
  EXPECT_EQ(choose({{"traceparent", traceparent}, {"x-portolan-trace-id", "mine"}}), "mine");
  EXPECT_EQ(choose({{"x-portkey-trace-id", "my trace/1"}}), "my trace/1");
  EXPECT_EQ(choose({{"traceparent", traceparent}}), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(choose({{"x-portkey-trace-id", ""}, {"traceparent", traceparent}}),
            "0af7651916cd43dd8448eb211c80319c");
  const std::string made = choose({});
  EXPECT_EQ(made.size(), 32u);
  EXPECT_NE(made, choose({}));
  for (const std::string& bad :
       {std::string("a\r\nb"), std::string(257, 'a'), std::string("\xC3\xA4"), std::string(" a")}) {
    EXPECT_EQ(choose({{"x-portolan-trace-id", bad}}).size(), 32u) << bad;
  }
}

}  // namespace
}  // namespace portolan::telemetry
