// What is left of a request of the hub for providers of OpenAI's dialect. The members are those of the OpenAI
// API reference; all others must be gone.

#include "providers/dialects/openai/native.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "providers/dialects/anthropic/anthropic.h"
#include "providers/dialects/openai/openai.h"
#include "providers/provider.h"

namespace portolan::providers::openai {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class NativeTest : public testing::Test {
 protected:
  v1::Message* Add(const char* role) {
    v1::Message* message = request_.add_messages();
    message->set_role(role);
    return message;
  }
  std::optional<Error> Run() {
    return OpenAiDialect().ToNative(operation::kChat, Provider(), &request_, &dropped_);
  }

  v1::ChatCompletionRequest request_;
  DroppedMembers dropped_;
};

TEST_F(NativeTest, LeavesOpenAisOwnMembersAlone) {
  Add("user")->mutable_content()->set_text("q");
  request_.set_max_completion_tokens(5);
  request_.set_reasoning_effort("high");
  request_.add_tools()->mutable_function()->set_name("f");
  v1::Extra* extra = request_.add_extra();
  extra->set_name("novel");
  extra->set_json("1");
  const std::string before = request_.SerializeAsString();
  EXPECT_FALSE(Run());
  EXPECT_EQ(request_.SerializeAsString(), before);
  EXPECT_THAT(dropped_, IsEmpty());
}

TEST_F(NativeTest, TakesOutWhatTheHubHasBesides) {
  v1::Message* message = Add("assistant");
  message->mutable_content()->set_text("a");
  message->set_reasoning_content("r");
  message->mutable_cache_control()->set_type("ephemeral");
  message->add_content_blocks()->set_type("text");
  message->add_content_blocks()->set_type("redacted_thinking");
  request_.mutable_thinking()->set_type("disabled");
  request_.set_top_k(1);
  EXPECT_FALSE(Run());
  const v1::Message& left = request_.messages(0);
  EXPECT_EQ(left.content().text(), "a");
  EXPECT_FALSE(left.has_reasoning_content());
  EXPECT_FALSE(left.has_cache_control());
  EXPECT_TRUE(left.content_blocks().empty());
  EXPECT_FALSE(request_.has_thinking());
  EXPECT_FALSE(request_.has_top_k());
  EXPECT_THAT(dropped_, ElementsAre("messages[0].cache_control", "messages[0].content_blocks[1]",
                                    "messages[0].reasoning_content", "thinking", "top_k"));
}

// DeepSeek refuses a turn with calls whose reasoning is missing (api-docs.deepseek.com/guides/thinking_mode).
TEST_F(NativeTest, KeepsReasoningWhereTheRowSaysSo) {
  constexpr BodyRule kRules[] = {KeepsReasoning()};
  Provider provider;
  provider.rules = kRules;
  v1::Message* message = Add("assistant");
  message->mutable_content()->set_text("a");
  message->set_reasoning_content("because");
  EXPECT_FALSE(OpenAiDialect().ToNative(operation::kChat, provider, &request_, &dropped_));
  EXPECT_EQ(request_.messages(0).reasoning_content(), "because");
  EXPECT_THAT(dropped_, IsEmpty());
}

TEST_F(NativeTest, MakesOneTextOfPartsThatAreAllText) {
  auto* parts = Add("user")->mutable_content()->mutable_parts();
  for (const char* text : {"a", "b"}) {
    v1::ContentPart* part = parts->add_items();
    part->set_type("text");
    part->set_text(text);
  }
  *Add("user") = request_.messages(0);
  request_.mutable_messages(1)->mutable_content()->mutable_parts()->add_items()->set_type("image_url");
  EXPECT_FALSE(Run());
  EXPECT_EQ(request_.messages(0).content().text(), "a\n\nb");
  EXPECT_EQ(request_.messages(1).content().parts().items_size(), 3);
}

TEST_F(NativeTest, RefusesToolsOfOtherApis) {
  Add("user")->mutable_content()->set_text("q");
  request_.add_tools()->set_type("web_search_20250305");
  const auto error = Run();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->http_status, 400);
  EXPECT_EQ(error->param, "tools[0]");
}

TEST_F(NativeTest, IsNotAskedOfOtherOperationsAndDialects) {
  request_.set_top_k(1);
  EXPECT_FALSE(OpenAiDialect().ToNative(operation::kEmbedding, Provider(), &request_, &dropped_));
  EXPECT_FALSE(AnthropicDialect().ToNative(operation::kChat, Provider(), &request_, &dropped_));
  EXPECT_TRUE(request_.has_top_k());
}

}  // namespace
}  // namespace portolan::providers::openai
