#include "tests/faults/fault.h"

namespace portolan::faults {
namespace {

std::string OpenAiChunk(const std::string& delta, const std::string& finish) {
  return R"(data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":)" +
         delta + R"(,"finish_reason":)" + finish + "}]}\n\n";
}

std::string AnthropicEvent(const std::string& type, const std::string& members) {
  return "event: " + type + "\ndata: {\"type\":\"" + type + "\"" + members + "}\n\n";
}

}  // namespace

Outcome Refused(int status, std::string code, grpc::StatusCode rpc) {
  return {Outcome::Kind::kError, status, std::move(code), rpc};
}
Outcome Breaks(std::string code, grpc::StatusCode rpc) {
  return {Outcome::Kind::kBreak, 0, std::move(code), rpc};
}
Outcome Whole() { return {Outcome::Kind::kAnswer, 0, "", grpc::OK}; }
Outcome NotAsked() { return {Outcome::Kind::kNotAsked, 0, "", grpc::OK}; }
Outcome BadGateway(std::string code) { return Refused(502, std::move(code), grpc::UNAVAILABLE); }
Outcome Callers(Outcome outcome) {
  outcome.error_class = "caller";
  return outcome;
}
Outcome TooSlow(std::string code) { return Refused(504, std::move(code), grpc::DEADLINE_EXCEEDED); }

std::vector<Fault> AllFaults() {
  std::vector<Fault> all;
  for (auto group : {ConnectionFaults, HeadFaults, BodyFaults, AnswerFaults, StreamFaults}) {
    for (Fault& fault : group()) all.push_back(std::move(fault));
  }
  return all;
}

std::string Joined(const std::vector<std::string>& pieces) {
  std::string all;
  for (const std::string& piece : pieces) all += piece;
  return all;
}

std::vector<std::string> GoodEvents(Dialect dialect) {
  if (dialect == Dialect::kOpenAi) {
    return {OpenAiChunk(R"({"role":"assistant","content":""})", "null"),
            OpenAiChunk(R"({"content":"Hello"})", "null"), OpenAiChunk(R"({"content":", world"})", "null"),
            OpenAiChunk("{}", R"("stop")"), "data: [DONE]\n\n"};
  }
  return {
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
}

std::string GoodBody(const Setting& setting) {
  if (setting.mode == Mode::kStream) return Joined(GoodEvents(setting.dialect));
  if (setting.dialect == Dialect::kOpenAi) {
    return R"({"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":)"
           R"({"role":"assistant","content":"Hello, world","refusal":null},"logprobs":null,"finish_reason":"stop"}],)"
           R"("usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}})";
  }
  return R"({"id":"m1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":)"
         R"("Hello, world"}],"stop_reason":"end_turn","stop_sequence":null,)"
         R"("usage":{"input_tokens":3,"output_tokens":2}})";
}

std::string ContentType(Mode mode) {
  return mode == Mode::kStream ? "text/event-stream" : "application/json";
}

test::Headers GoodHeaders(const Setting& setting) { return {{"Content-Type", ContentType(setting.mode)}}; }

test::Script GoodAnswer(const Setting& setting) {
  if (setting.mode == Mode::kStream) return test::RespondEvents(GoodEvents(setting.dialect));
  return test::RespondJson(200, GoodBody(setting));
}

}  // namespace portolan::faults
