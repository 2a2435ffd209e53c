// Whole answers. Their shapes are those of V2ChatResponse in cohere-ai and of recordings.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/providers/cohere/harness.h"

namespace portolan::providers::cohere {
namespace {

using nlohmann::json;

CallFacts Facts(bool blocks = false) {
  CallFacts facts;
  facts.model = kModel;
  facts.unix_seconds = 1700000000;
  facts.content_blocks = blocks;
  return facts;
}

json Choice(const Harness::Answer& answer) { return answer.hub.at("choices").at(0); }

TEST(CohereAnswer, Text) {
  const auto answer = TheHarness().Decode(R"({"id":"cf7b","message":{"role":"assistant","content":[
      {"type":"text","text":"Paris"},{"type":"text","text":"."}]},"finish_reason":"COMPLETE",
      "usage":{"billed_units":{"input_tokens":13,"output_tokens":61},"tokens":{"input_tokens":542,"output_tokens":63}}})",
                                          Facts());
  ASSERT_FALSE(answer.error) << answer.error->message;
  EXPECT_EQ(answer.hub.at("id"), "cf7b");
  EXPECT_EQ(answer.hub.at("object"), "chat.completion");
  EXPECT_EQ(answer.hub.at("created"), 1700000000);
  EXPECT_EQ(answer.hub.at("model"), kModel);
  EXPECT_EQ(Choice(answer).at("message"),
            json::parse(R"({"role":"assistant","content":"Paris.","refusal":null})"));
  EXPECT_EQ(Choice(answer).at("finish_reason"), "stop");
  EXPECT_EQ(Choice(answer).at("native_finish_reason"), "COMPLETE");
  EXPECT_EQ(answer.hub.at("usage"),
            json::parse(R"({"prompt_tokens":542,"completion_tokens":63,"total_tokens":605,
                            "billed_units":{"input_tokens":13,"output_tokens":61}})"));
}

TEST(CohereAnswer, CallsAndTheirPlan) {
  const auto answer = TheHarness().Decode(R"({"id":"x","message":{"role":"assistant","tool_plan":"I will f.",
      "tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},
                    {"id":"c2","type":"function","function":{"name":"g","arguments":""}}]},
      "finish_reason":"TOOL_CALL"})",
                                          Facts(true));
  ASSERT_FALSE(answer.error) << answer.error->message;
  EXPECT_EQ(Choice(answer).at("finish_reason"), "tool_calls");
  EXPECT_EQ(Choice(answer).at("message"), json::parse(R"({"role":"assistant","content":null,"refusal":null,
      "reasoning_content":"I will f.","tool_calls":[
      {"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},
      {"id":"c2","type":"function","function":{"name":"g","arguments":"{}"}}],
      "content_blocks":[{"type":"thinking","thinking":"I will f."},
      {"type":"tool_use","id":"c1","name":"f","input":{"a":1}},{"type":"tool_use","id":"c2","name":"g","input":{}}]})"));
  EXPECT_FALSE(answer.hub.contains("usage"));
}

TEST(CohereAnswer, ThinkingCitationsAndPages) {
  const json citations = json::parse(R"([
      {"start":0,"end":3,"text":"né","type":"TEXT_CONTENT","content_index":1,"sources":[
        {"type":"document","id":"doc:0","document":{"id":"doc:0","url":"https://x.example","title":"X"}},
        {"type":"document","id":"doc:1","document":{"id":"doc:1","text":"no page"}}]},
      {"start":1,"end":2,"text":"b","content_index":2,"sources":[
        {"type":"tool","id":"t:0","tool_output":{"url":"https://y.example"}}]},
      {"start":0,"end":2,"text":"Hm","type":"THINKING_CONTENT","content_index":0,"sources":[
        {"type":"document","id":"doc:0","document":{"url":"https://x.example"}}]}])");
  json wire = json::parse(R"({"id":"x","message":{"role":"assistant","content":[
      {"type":"thinking","thinking":"Hm."},{"type":"text","text":"née "},{"type":"text","text":"abc"}]},
      "finish_reason":"COMPLETE"})");
  wire["message"]["citations"] = citations;
  const auto answer = TheHarness().Decode(wire.dump(), Facts(true));
  ASSERT_FALSE(answer.error) << answer.error->message;
  const json message = Choice(answer).at("message");
  EXPECT_EQ(message.at("content"), "née abc");
  EXPECT_EQ(message.at("reasoning_content"), "Hm.");
  EXPECT_EQ(message.at("citations"), citations);
  EXPECT_EQ(message.at("annotations"), json::parse(R"([
      {"type":"url_citation","url_citation":{"start_index":0,"end_index":3,"url":"https://x.example","title":"X"}},
      {"type":"url_citation","url_citation":{"start_index":5,"end_index":6,"url":"https://y.example",
       "title":"https://y.example"}}])"));
  EXPECT_EQ(message.at("content_blocks"), json::parse(R"([{"type":"thinking","thinking":"Hm."},
      {"type":"text","text":"née ","citations":[{"type":"web_search_result_location","url":"https://x.example","title":"X"}]},
      {"type":"text","text":"abc","citations":[{"type":"web_search_result_location","url":"https://y.example"}]}])"));
}

TEST(CohereAnswer, Reasons) {
  for (const auto& [native, reason] : {std::pair<const char*, const char*>{"COMPLETE", "stop"},
                                       {"STOP_SEQUENCE", "stop"},
                                       {"MAX_TOKENS", "length"},
                                       {"TOOL_CALL", "tool_calls"},
                                       {"NOVEL", "stop"}}) {
    const json wire = {{"id", "x"}, {"message", {{"role", "assistant"}}}, {"finish_reason", native}};
    EXPECT_EQ(Choice(TheHarness().Decode(wire.dump(), Facts())).at("finish_reason"), reason);
  }
  // Answers with calls finish with them, whatever the provider says.
  const auto calls = TheHarness().Decode(
      R"({"id":"x","message":{"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},
          "finish_reason":"COMPLETE"})",
      Facts());
  EXPECT_EQ(Choice(calls).at("finish_reason"), "tool_calls");
}

TEST(CohereAnswer, UsageByKind) {
  const auto answer = TheHarness().Decode(
      R"({"id":"x","message":{},"finish_reason":"COMPLETE","usage":{"billed_units":{"input_tokens":65,"output_tokens":63},
          "tokens":{"input_tokens":508,"output_tokens":86,"reasoning_tokens":28,"image_tokens":259},"cached_tokens":144}})",
      Facts());
  ASSERT_FALSE(answer.error);
  EXPECT_EQ(answer.hub.at("usage"),
            json::parse(R"({"prompt_tokens":508,"completion_tokens":86,"total_tokens":594,
      "prompt_tokens_details":{"cached_tokens":144,"image_tokens":259},"completion_tokens_details":{"reasoning_tokens":28},
      "billed_units":{"input_tokens":65,"output_tokens":63}})"));
  const auto billed = TheHarness().Decode(
      R"({"id":"x","message":{},"finish_reason":"COMPLETE","usage":{"billed_units":{"input_tokens":65,"output_tokens":63}}})",
      Facts());
  EXPECT_EQ(billed.hub.at("usage").at("prompt_tokens"), 65);
}

TEST(CohereAnswer, Logprobs) {
  const auto answer = TheHarness().Decode(
      R"({"id":"x","message":{"content":[{"type":"text","text":"né"}]},"finish_reason":"COMPLETE",
          "logprobs":[{"text":"né","token_ids":[1,2],"logprobs":[-0.5,-0.25]}]})",
      Facts());
  ASSERT_FALSE(answer.error);
  EXPECT_EQ(Choice(answer).at("logprobs").at("content"),
            json::parse(R"([{"token":"né","logprob":-0.75,"bytes":[110,195,169],"top_logprobs":[]}])"));
}

// The text is that of the recording chat-v2-stream-logprobs-reasoning.
TEST(CohereAnswer, Failures) {
  for (
      const auto& [wire, code, message] :
      {std::tuple<const char*, const char*, const char*>{
           R"({"id":"x","message":{},"finish_reason":"ERROR","error":"No valid response generated. Try updating messages"})",
           "ERROR", "No valid response generated. Try updating messages"},
       {R"({"id":"x","message":{},"finish_reason":"TIMEOUT"})", "TIMEOUT",
        "cohere ended the answer with an error"},
       {R"({"id":"x","message":"invalid api token"})", "upstream_error", "invalid api token"},
       {R"({"id":"x"})", "upstream_invalid_answer",
        "cohere answered with something that is not a message"}}) {
    const auto answer = TheHarness().Decode(wire, Facts());
    ASSERT_TRUE(answer.error) << wire;
    EXPECT_EQ(answer.error->http_status, 502);
    EXPECT_EQ(answer.error->error_class, ErrorClass::kProvider);
    EXPECT_EQ(answer.error->code, code);
    EXPECT_EQ(answer.error->message, message);
    EXPECT_TRUE(answer.error->retryable);
  }
}

}  // namespace
}  // namespace portolan::providers::cohere
