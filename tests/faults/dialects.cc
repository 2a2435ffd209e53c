#include "tests/faults/dialects.h"

#include <utility>

#include "tests/integration/support/aws_testing.h"

namespace portolan::faults {
namespace {

using test::AwsEvent;
using test::AwsException;

constexpr char kEventStream[] = "text/event-stream";
constexpr char kMessage[] = "out of capacity";

std::string OpenAiChunk(const std::string& delta, const std::string& finish) {
  return R"(data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":)" +
         delta + R"(,"finish_reason":)" + finish + "}]}\n\n";
}

TroubleWords OpenAiTrouble(const std::string& type) {
  const std::string body = std::string(R"({"error":{"message":")") + kMessage + R"(","type":")" + type +
                           R"(","param":null,"code":")" + type + R"("}})";
  return {type, body, "data: " + body + "\n\n"};
}

Phrases OpenAi() {
  Phrases says;
  says.body =
      R"({"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":)"
      R"({"role":"assistant","content":"Hello, world","refusal":null},"logprobs":null,"finish_reason":"stop"}],)"
      R"("usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}})";
  says.stream_type = kEventStream;
  says.events = {OpenAiChunk(R"({"role":"assistant","content":""})", "null"),
                 OpenAiChunk(R"({"content":"Hello"})", "null"),
                 OpenAiChunk(R"({"content":", world"})", "null"), OpenAiChunk("{}", R"("stop")"),
                 "data: [DONE]\n\n"};
  says.until_text = 2;
  says.before_finish = 3;
  says.idle = ": ping\n\n";
  says.broken_event = "data: {\"choices\":[}\n\n";
  says.huge_event = "data: ";
  says.troubles = {{Trouble::kNotFound, OpenAiTrouble("not_found_error")},
                   {Trouble::kRateLimit, OpenAiTrouble("rate_limit_error")},
                   {Trouble::kFailure, OpenAiTrouble("server_error")},
                   {Trouble::kOverload, OpenAiTrouble("overloaded_error")}};
  return says;
}

std::string AnthropicEvent(const std::string& type, const std::string& members) {
  return "event: " + type + "\ndata: {\"type\":\"" + type + "\"" + members + "}\n\n";
}

TroubleWords AnthropicTrouble(const std::string& type) {
  const std::string body =
      std::string(R"({"type":"error","error":{"type":")") + type + R"(","message":")" + kMessage + R"("}})";
  return {type, body, "event: error\ndata: " + body + "\n\n"};
}

Phrases Anthropic() {
  Phrases says;
  says.body =
      R"({"id":"m1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":)"
      R"("Hello, world"}],"stop_reason":"end_turn","stop_sequence":null,)"
      R"("usage":{"input_tokens":3,"output_tokens":2}})";
  says.stream_type = kEventStream;
  says.events = {
      AnthropicEvent(
          "message_start",
          R"(,"message":{"id":"m1","type":"message","role":"assistant","model":"m","content":[],)"
          R"("stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":1}})"),
      AnthropicEvent("content_block_start", R"(,"index":0,"content_block":{"type":"text","text":""})"),
      AnthropicEvent("content_block_delta", R"(,"index":0,"delta":{"type":"text_delta","text":"Hello"})"),
      AnthropicEvent("content_block_delta", R"(,"index":0,"delta":{"type":"text_delta","text":", world"})"),
      AnthropicEvent("content_block_stop", R"(,"index":0)"),
      AnthropicEvent(
          "message_delta",
          R"(,"delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":2})"),
      AnthropicEvent("message_stop", "")};
  says.until_text = 3;
  says.before_finish = 5;
  says.idle = ": ping\n\n";
  says.broken_event = "event: content_block_delta\ndata: {\"type\":[}\n\n";
  says.huge_event = "event: content_block_delta\ndata: ";
  says.troubles = {{Trouble::kNotFound, AnthropicTrouble("not_found_error")},
                   {Trouble::kRateLimit, AnthropicTrouble("rate_limit_error")},
                   {Trouble::kFailure, AnthropicTrouble("server_error")},
                   {Trouble::kOverload, AnthropicTrouble("overloaded_error")}};
  return says;
}

// Google's own servers end their lines with CRLF.
std::string GoogleEvent(const std::string& json) { return "data: " + json + "\r\n\r\n"; }

std::string GoogleText(const std::string& text, const std::string& more = "") {
  return R"({"candidates":[{"content":{"role":"model","parts":[{"text":")" + text + R"("}]})" + more +
         R"(,"index":0}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":2,"totalTokenCount":5},)"
         R"("modelVersion":"m","responseId":"r1"})";
}

// The words of google/rpc/code.proto.
TroubleWords GoogleTrouble(const std::string& status, const std::string& word) {
  const std::string body =
      R"({"error":{"code":)" + status + R"(,"message":")" + kMessage + R"(","status":")" + word + R"("}})";
  return {word, body, GoogleEvent(body)};
}

Phrases Google() {
  Phrases says;
  says.body = GoogleText("Hello, world", R"(,"finishReason":"STOP")");
  says.stream_type = kEventStream;
  says.events = {GoogleEvent(GoogleText("Hello")), GoogleEvent(GoogleText(", world")),
                 GoogleEvent(GoogleText("", R"(,"finishReason":"STOP")"))};
  says.until_text = 1;
  says.before_finish = 2;
  says.idle = ": ping\r\n\r\n";
  says.broken_event = GoogleEvent("{\"candidates\":[}");
  says.huge_event = "data: ";
  says.troubles = {{Trouble::kNotFound, GoogleTrouble("404", "NOT_FOUND")},
                   {Trouble::kRateLimit, GoogleTrouble("429", "RESOURCE_EXHAUSTED")},
                   {Trouble::kFailure, GoogleTrouble("503", "UNAVAILABLE")},
                   {Trouble::kOverload, GoogleTrouble("503", "UNAVAILABLE")}};
  return says;
}

// AWS has the name in lower case where it names an event. An answer has it in a header; it may be in the
// body, where AWS's own SDKs look for it as well:
// https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html#operation-error-serialization
TroubleWords BedrockTrouble(const std::string& name, const std::string& event) {
  return {name, R"({"__type":")" + name + R"(","message":")" + kMessage + R"("})",
          AwsException(event, kMessage)};
}

Phrases Bedrock() {
  constexpr uint32_t kHuge = 100u << 20;
  Phrases says;
  says.body =
      R"({"output":{"message":{"role":"assistant","content":[{"text":"Hello, world"}]}},"stopReason":"end_turn",)"
      R"("usage":{"inputTokens":3,"outputTokens":2,"totalTokens":5},"metrics":{"latencyMs":7}})";
  says.stream_type = "application/vnd.amazon.eventstream";
  says.events = {
      AwsEvent("messageStart", R"({"role":"assistant"})"),
      AwsEvent("contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"text":"Hello"}})"),
      AwsEvent("contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"text":", world"}})"),
      AwsEvent("contentBlockStop", R"({"contentBlockIndex":0})"),
      AwsEvent("messageStop", R"({"stopReason":"end_turn"})"),
      AwsEvent("metadata",
               R"({"usage":{"inputTokens":3,"outputTokens":2,"totalTokens":5},"metrics":{"latencyMs":7}})")};
  says.until_text = 2;
  says.before_finish = 4;
  says.idle = AwsEvent("novelEvent", "{}");
  says.broken_event = AwsEvent("contentBlockDelta", "{\"delta\":[}");
  says.huge_event = test::AwsFrameStating(kHuge, 0, "").substr(0, 12);
  says.troubles = {
      {Trouble::kNotFound, BedrockTrouble("ResourceNotFoundException", "resourceNotFoundException")},
      {Trouble::kRateLimit, BedrockTrouble("ThrottlingException", "throttlingException")},
      {Trouble::kFailure, BedrockTrouble("ServiceUnavailableException", "serviceUnavailableException")},
      {Trouble::kOverload, BedrockTrouble("ServiceUnavailableException", "serviceUnavailableException")}};
  return says;
}

std::string CohereEvent(const std::string& type, const std::string& members) {
  return "event: " + type + "\ndata: {\"type\":\"" + type + "\"" + members + "}\n\n";
}

std::string CohereText(const std::string& text) {
  return CohereEvent("content-delta",
                     R"(,"index":0,"delta":{"message":{"content":{"text":")" + text + R"("}}})");
}

std::string CohereEnd(const std::string& reason, const std::string& more) {
  return CohereEvent("message-end", R"(,"delta":{"finish_reason":")" + reason + "\"" + more + "}");
}

// Errors have no word but their message. A stream ends with one as its reason:
// https://docs.cohere.com/v2/reference/chat-stream
TroubleWords CohereTrouble(const std::string& status) {
  return {"upstream_status_" + status,
          std::string(R"({"id":"94ed162c-fe4a-4885-a641-080f16e1c0c1","message":")") + kMessage + R"("})",
          CohereEnd("ERROR", std::string(R"(,"error":")") + kMessage + "\"")};
}

Phrases Cohere() {
  constexpr char kUsage[] =
      R"("usage":{"billed_units":{"input_tokens":3,"output_tokens":2},"tokens":{"input_tokens":3,"output_tokens":2}})";
  Phrases says;
  says.body =
      std::string(R"({"id":"c1","finish_reason":"COMPLETE","message":{"role":"assistant","content":)") +
      R"([{"type":"text","text":"Hello, world"}]},)" + kUsage + "}";
  says.stream_type = kEventStream;
  says.events = {
      CohereEvent(
          "message-start",
          R"(,"id":"c1","delta":{"message":{"role":"assistant","content":[],"tool_plan":"","tool_calls":[],"citations":[]}})"),
      CohereEvent("content-start", R"(,"index":0,"delta":{"message":{"content":{"type":"text","text":""}}})"),
      CohereText("Hello"),
      CohereText(", world"),
      CohereEvent("content-end", R"(,"index":0)"),
      CohereEnd("COMPLETE", std::string(",") + kUsage),
      "data: [DONE]\n\n"};
  says.until_text = 3;
  says.before_finish = 5;
  says.idle = ": ping\n\n";
  says.broken_event = "event: content-delta\ndata: {\"type\":[}\n\n";
  says.huge_event = "event: content-delta\ndata: ";
  says.troubles = {{Trouble::kNotFound, CohereTrouble("404")},
                   {Trouble::kRateLimit, CohereTrouble("429")},
                   {Trouble::kFailure, CohereTrouble("503")},
                   {Trouble::kOverload, CohereTrouble("503")}};
  return says;
}

}  // namespace

const std::vector<Dialect>& AllDialects() {
  static const std::vector<Dialect> all = {Dialect::kOpenAi, Dialect::kAnthropic, Dialect::kGoogle,
                                           Dialect::kBedrock, Dialect::kCohere};
  return all;
}

std::string NameOf(Dialect dialect) {
  switch (dialect) {
    case Dialect::kOpenAi:
      return "OpenAI";
    case Dialect::kAnthropic:
      return "Anthropic";
    case Dialect::kGoogle:
      return "Gemini";
    case Dialect::kBedrock:
      return "Bedrock";
    case Dialect::kCohere:
      break;
  }
  return "Cohere";
}

const Phrases& In(Dialect dialect) {
  static const std::map<Dialect, Phrases> phrases = {{Dialect::kOpenAi, OpenAi()},
                                                     {Dialect::kAnthropic, Anthropic()},
                                                     {Dialect::kGoogle, Google()},
                                                     {Dialect::kBedrock, Bedrock()},
                                                     {Dialect::kCohere, Cohere()}};
  return phrases.at(dialect);
}

}  // namespace portolan::faults
