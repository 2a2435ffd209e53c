// Asking a stream for its usage where the caller has not: nothing else of the request changes.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "portolan/v1/chat_request.pb.h"
#include "server/core/request_facts.h"
#include "tests/unit/core/test_call.h"

namespace portolan::core {
namespace {

struct Case {
  const char* body;
  const char* set;   // `stream_options` of the route's own parameters; empty: they have none
  const char* sent;  // empty: the usage is asked for already, and nothing is added
};

const std::vector<Case> kCases = {
    {R"({"stream":true})", "", R"({"stream":true,"stream_options":{"include_usage":true}})"},
    {R"({"stream_options":{},"a":1})", "", R"({"stream_options":{"include_usage":true},"a":1})"},
    {R"({ "stream_options" : { "x" : [1.0] } })", "",
     R"({ "stream_options" : {"x" : [1.0],"include_usage":true} })"},
    {R"({"stream_options":{"include_usage":false,"x":"}, {"}})", "",
     R"({"stream_options":{"x":"}, {","include_usage":true}})"},
    {R"({"stream_options":{"include_usag\u0065":false}})", "",
     R"({"stream_options":{"include_usage":true}})"},
    {R"({"stream_options":null})", "", R"({"stream_options":{"include_usage":true}})"},
    {R"({"stream_options":{"include_usage":true}})", "", ""},
    // The route's parameters take the place of the caller's.
    {R"({"stream_options":{"x":1}})", R"({"y":2})", R"({"stream_options":{"y":2,"include_usage":true}})"},
    {R"({"stream_options":{"include_usage":true}})", R"({"include_usage":false})",
     R"({"stream_options":{"include_usage":true}})"},
    {R"({"stream":true})", R"({"include_usage":true,"y":2})", ""},
};

TEST(AskForUsage, ChangesNothingElse) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.body);
    TestCall call(c.body);
    std::vector<codec::Edit>& edits = call->route.edits;
    if (*c.set != '\0') edits.push_back({codec::Edit::Kind::kSet, "stream_options", c.set});
    const size_t before = edits.size();
    EXPECT_EQ(AskForUsage(*call), *c.sent != '\0');
    if (*c.sent == '\0') {
      EXPECT_EQ(edits.size(), before);
      continue;
    }
    std::string buffer;
    codec::GatherList pieces;
    ASSERT_FALSE(call->payload.ToJson(edits, /*splice=*/true, &buffer, &pieces));
    std::string sent;
    for (const std::string_view piece : pieces) sent += piece;
    EXPECT_EQ(sent, c.sent);
  }
}

TEST(AskForUsage, KeepsTheMembersOfATypedRequest) {
  v1::ChatCompletionRequest request;
  auto& extra = *request.mutable_stream_options()->add_extra();
  extra.set_name("x");
  extra.set_json("[1]");
  TestCall call("");
  call->payload.TakeMessage(request);
  EXPECT_TRUE(AskForUsage(*call));
  ASSERT_EQ(call->route.edits.size(), 1u);
  EXPECT_EQ(call->route.edits[0].json, R"({"x":[1],"include_usage":true})");
  request.mutable_stream_options()->set_include_usage(true);
  EXPECT_FALSE(AskForUsage(*call)) << "the edit that was made asks for it";
}

}  // namespace
}  // namespace portolan::core
