#include "providers/classify.h"

#include <gtest/gtest.h>

#include <vector>

#include "providers/path.h"

namespace portolan::providers {
namespace {

TEST(ReadErrorMembers, FindsTheErrorWhereverItIs) {
  ErrorMembers members;
  ASSERT_TRUE(ReadErrorMembers(R"({"x":[1],"error":{"message":"m","type":"t","param":"p","code":401}})",
                               "error", &members));
  EXPECT_EQ(members.message, "m");
  EXPECT_EQ(members.type, "t");
  EXPECT_EQ(members.param, "p");
  EXPECT_EQ(members.code, "401");
  members = {};
  ASSERT_TRUE(ReadErrorMembers(R"({"error":"text"})", "error", &members));
  EXPECT_EQ(members.message, "text");
  members = {};
  ASSERT_TRUE(ReadErrorMembers(R"({"object":"error","message":"top"})", "", &members));
  EXPECT_EQ(members.message, "top");
  for (const char* body : {"", "<html>", "[]", "{}", R"({"error":{}})", R"({"error":{"message":"m"}} x)"}) {
    members = {};
    EXPECT_FALSE(ReadErrorMembers(body, "error", &members)) << body;
  }
}

TEST(ReadErrorMembers, NamesEachProblemOfAListByItsPlace) {
  ErrorMembers members;
  ASSERT_TRUE(ReadErrorMembers(
      R"({"detail":[{"type":"enum","loc":["body","tools",0,"type"],"msg":"Input should be 'function'"},
                    {"loc":["body"],"msg":"Field required","input":{"msg":"no"}},{"msg":"bare"},5,{}]})",
      "detail", &members));
  EXPECT_EQ(members.message, "body.tools.0.type: Input should be 'function'; body: Field required; bare");
  members = {};
  ASSERT_TRUE(ReadErrorMembers(R"({"detail":"Unauthorized"})", "detail", &members));
  EXPECT_EQ(members.message, "Unauthorized");
  std::string many = R"({"detail":[{"msg":"m"})";
  for (int i = 0; i < 10'000; ++i) many += R"(,{"loc":["body",1],"msg":"Field required"})";
  members = {};
  ASSERT_TRUE(ReadErrorMembers(many + "]}", "detail", &members));
  EXPECT_LT(members.message.size(), 1200u);
  for (const char* body :
       {R"({"detail":[]})", R"({"detail":[{}]})", R"({"detail":null})", R"({"detail":[{"msg":"m"}])"}) {
    members = {};
    EXPECT_FALSE(ReadErrorMembers(body, "detail", &members)) << body;
  }
}

TEST(PlainErrorText, IsTextAndNothingElse) {
  EXPECT_EQ(PlainErrorText(" missing field `messages`\r\n"), "missing field `messages`");
  for (const std::string body : {"", " \n", "<html>", " <!DOCTYPE", "{\"a\":", "[1]", "a\x01", "\x1f\x8b"}) {
    EXPECT_EQ(PlainErrorText(body), "") << body;
  }
  std::string long_text(999, 'x');
  for (int i = 0; i < 100; ++i) long_text += "\u00e9";
  EXPECT_EQ(PlainErrorText(long_text), std::string(999, 'x') + "\u2026");
}

TEST(AppendPathSegment, NeverLeavesItsPlace) {
  struct Case {
    const char* text;
    bool keep_slash;
    const char* expected;
  };
  const Case cases[] = {
      {"gpt-4o", true, "gpt-4o"},
      {"meta/llama-3.1", true, "meta/llama-3.1"},
      {"meta/llama", false, "meta%2Fllama"},
      {"a b?c#d", true, "a%20b%3Fc%23d"},
      {"..", true, "%2E%2E"},
      {"ft:gpt:x", true, "ft:gpt:x"},
      {"\xc3\xa9\r\n", true, "%C3%A9%0D%0A"},
  };
  for (const Case& test : cases) {
    std::string out;
    AppendPathSegment(test.text, test.keep_slash, &out);
    EXPECT_EQ(out, test.expected);
  }
}

TEST(AppendPathSegment, DoesNotClimbOutByDotSegments) {
  for (const char* text : {"../admin", "a/../../b", "a/./b", "./a", "a/.."}) {
    std::string out;
    AppendPathSegment(text, /*keep_slash=*/true, &out);
    EXPECT_EQ(("/" + out + "/").find("/../"), std::string::npos) << out;
    EXPECT_EQ(("/" + out + "/").find("/./"), std::string::npos) << out;
  }
}

}  // namespace
}  // namespace portolan::providers
