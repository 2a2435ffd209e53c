#include "tests/integration/support/route_caller.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <sstream>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace portolan::test {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr char kParameters[] = R"({"type":"object","properties":{"city":{"type":"string"}}})";

void ReadPortolan(const json& detail, RouteAnswer* out) {
  if (!detail.is_object()) return;
  out->code = detail.value("code", out->code);
  out->attempts = detail.value("attempts", -1);
  out->tried = detail.value("tried", std::vector<std::string>());
  out->error_class = detail.value("class", "");
  out->retryable = detail.value("retryable", false);
  if (detail.contains("limit")) {
    const json& limit = detail["limit"];
    out->limit = limit.value("name", "?") + " " + limit.value("owner", "?") + " " +
                 std::to_string(limit.value("ms", -1));
  }
  if (detail.contains("upstream")) {
    out->upstream = detail["upstream"].value("method", "?") + " " + detail["upstream"].value("url", "?");
  }
}

void ReadError(const json& document, RouteAnswer* out) {
  const json error = document.value("error", json::object());
  if (!error.is_object()) return;
  if (error.contains("code") && error["code"].is_string()) out->code = error["code"];
  if (error.contains("message") && error["message"].is_string()) out->message = error["message"];
  ReadPortolan(error.value("portolan", json()), out);
}

void ReadTool(const json& message, RouteAnswer* out) {
  if (!message.contains("tool_calls")) return;
  for (const json& call : message["tool_calls"]) {
    const json function = call.value("function", json::object());
    if (function.contains("name")) out->tool += function["name"].get<std::string>() + " ";
    if (function.contains("arguments")) out->tool += function["arguments"].get<std::string>();
  }
}

void ReadEvents(const std::string& body, RouteAnswer* out) {
  std::istringstream lines(body);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("data: ")) continue;
    if (line == "data: [DONE]") {
      out->done = true;
      continue;
    }
    const json event = json::parse(line.substr(6), nullptr, false);
    if (event.is_discarded()) continue;
    if (event.contains("error")) {
      out->broke = true;
      ReadError(event, out);
    }
    const json delta = event.value(json::json_pointer("/choices/0/delta"), json::object());
    if (delta.contains("content") && delta["content"].is_string())
      out->text += delta["content"].get<std::string>();
    ReadTool(delta, out);
  }
}

void ReadStatus(const grpc::Status& status, bool began, RouteAnswer* out) {
  out->rpc = status.error_code();
  out->status = 200;
  if (status.ok()) return;
  out->broke = began;
  out->message = status.error_message();
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  if (!details.ParseFromString(status.error_details()) || details.details_size() == 0 ||
      !details.details(0).UnpackTo(&info)) {
    out->status = 0;
    return;
  }
  out->code = info.reason();
  if (!began) out->status = std::stoi(info.metadata().at("http_status"));
  out->attempts = std::stoi(info.metadata().at("attempts"));
  out->error_class = info.metadata().at("class");
  out->retryable = info.metadata().at("retryable") == "true";
  if (info.metadata().contains("limit")) {
    out->limit = info.metadata().at("limit") + " " + info.metadata().at("limit_owner") + " " +
                 info.metadata().at("limit_ms");
  }
  if (info.metadata().contains("upstream")) out->upstream = info.metadata().at("upstream");
  if (!info.metadata().contains("tried")) return;
  std::string rest = info.metadata().at("tried");
  for (size_t end; (end = rest.find("; ")) != std::string::npos; rest.erase(0, end + 2))
    out->tried.push_back(rest.substr(0, end));
  out->tried.push_back(rest);
}

template <typename Message>
void ReadTypedTool(const Message& message, RouteAnswer* out) {
  for (const auto& call : message.tool_calls()) {
    if (!call.function().name().empty()) out->tool += call.function().name() + " ";
    out->tool += call.function().arguments();
  }
}

void Collect(const std::multimap<grpc::string_ref, grpc::string_ref>& metadata, RouteAnswer* out) {
  for (const auto& [name, value] : metadata) {
    out->headers.emplace(std::string(name.data(), name.size()), std::string(value.data(), value.size()));
  }
}

bool IsAnthropic(const SeenRequest& request) { return request.target.find("/messages") != std::string::npos; }

bool IsStream(const SeenRequest& request) {
  return json::parse(request.body, nullptr, false).value("stream", false);
}

Script Events(const std::string& events) { return Script().Send(StreamHead() + Chunk(events) + Chunk("")); }

}  // namespace

std::string Describe(const RouteCall& call) {
  return std::string(call.door == Door::kRest ? "REST" : "gRPC") + (call.stream ? " stream " : " unary ") +
         call.config;
}

std::vector<RouteCall> AtBothDoors(const RouteCall& call) {
  std::vector<RouteCall> calls;
  for (const Door door : {Door::kRest, Door::kGrpc}) {
    for (const bool stream : {false, true}) {
      calls.push_back(call);
      calls.back().door = door;
      calls.back().stream = stream;
    }
  }
  return calls;
}

std::string RouteAnswer::Header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

RouteCaller::RouteCaller(const GatewayFixture& gateway)
    : http_address_(gateway.http_address()),
      chat_(v1::ChatService::NewStub(
          grpc::CreateChannel(gateway.grpc_address(), grpc::InsecureChannelCredentials()))) {}

RouteAnswer RouteCaller::Call(const RouteCall& call) const {
  return call.door == Door::kRest ? Rest(call) : Rpc(call);
}

std::string RestBody(const RouteCall& call) {
  ordered_json body;
  body["model"] = call.model;
  body["max_tokens"] = 9;
  body["messages"] = ordered_json::array({{{"role", "user"}, {"content", "hi"}}});
  if (call.tools) {
    body["tools"] =
        ordered_json::parse(std::string(R"([{"type":"function","function":{"name":"weather","parameters":)") +
                            kParameters + "}}]");
  }
  if (call.stream) body["stream"] = true;
  return body.dump();
}

v1::ChatCompletionRequest RpcRequest(const RouteCall& call) {
  v1::ChatCompletionRequest request;
  request.set_model(call.model);
  request.set_max_tokens(9);
  v1::Message& message = *request.add_messages();
  message.set_role("user");
  message.mutable_content()->set_text("hi");
  if (call.tools) {
    v1::Tool& tool = *request.add_tools();
    tool.set_type("function");
    tool.mutable_function()->set_name("weather");
    tool.mutable_function()->set_parameters(kParameters);
  }
  return request;
}

RouteAnswer RouteCaller::Rest(const RouteCall& call) const {
  Headers headers = call.headers;
  if (!call.config.empty()) headers.emplace_back("x-portolan-config", call.config);
  TestClient client(http_address_);
  return ReadRest(call, client.Post("/v1/chat/completions", RestBody(call), headers));
}

RouteAnswer ReadRest(const RouteCall& call, const TestAnswer& answer) {
  RouteAnswer out;
  out.status = answer.status;
  out.body = answer.body;
  for (const auto& [name, value] : answer.headers) out.headers.emplace(name, value);
  if (call.stream && answer.status == 200) {
    ReadEvents(answer.body, &out);
    return out;
  }
  const json document = json::parse(answer.body, nullptr, false);
  if (document.is_discarded()) return out;
  const json message = document.value(json::json_pointer("/choices/0/message"), json::object());
  if (message.contains("content") && message["content"].is_string()) out.text = message["content"];
  ReadTool(message, &out);
  ReadError(document, &out);
  // A provider's own error passes untouched; a header says what the gateway adds.
  ReadPortolan(json::parse(out.Header("x-portolan-error"), nullptr, false), &out);
  return out;
}

RouteAnswer RouteCaller::Rpc(const RouteCall& call) const {
  grpc::ClientContext context;
  for (const auto& [name, value] : call.headers) context.AddMetadata(name, value);
  if (!call.config.empty()) context.AddMetadata("x-portolan-config", call.config);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(call.deadline_ms));
  RouteAnswer out;
  const v1::ChatCompletionRequest request = RpcRequest(call);
  if (call.stream) {
    const auto reader = chat_->StreamChatCompletion(&context, request);
    v1::ChatCompletionChunk chunk;
    bool began = false;
    while (reader->Read(&chunk)) {
      began = true;
      if (chunk.choices_size() == 0) continue;
      out.text += chunk.choices(0).delta().content();
      ReadTypedTool(chunk.choices(0).delta(), &out);
    }
    ReadStatus(reader->Finish(), began, &out);
  } else {
    v1::ChatCompletion answer;
    ReadStatus(chat_->CreateChatCompletion(&context, request, &answer), false, &out);
    if (answer.choices_size() > 0) {
      out.text = answer.choices(0).message().content().text();
      ReadTypedTool(answer.choices(0).message(), &out);
    }
  }
  Collect(context.GetServerInitialMetadata(), &out);
  Collect(context.GetServerTrailingMetadata(), &out);
  return out;
}

std::string StreamHead() {
  return Head(200, {{"Content-Type", "text/event-stream"}, {"Transfer-Encoding", "chunked"}});
}

std::string OpenAiDelta(const std::string& delta) {
  return R"(data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":)" +
         delta + ",\"finish_reason\":null}]}\n\n";
}

std::string OpenAiFinish() {
  return R"(data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})"
         "\n\ndata: [DONE]\n\n";
}

std::string AnthropicEvent(const std::string& type, const std::string& members) {
  return "event: " + type + "\ndata: {\"type\":\"" + type + "\"" + members + "}\n\n";
}

std::string AnthropicStart() {
  return AnthropicEvent(
      "message_start",
      R"(,"message":{"id":"m1","type":"message","role":"assistant","model":"m","content":[],)"
      R"("stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":1}})");
}

std::string AnthropicEnd() {
  return AnthropicEvent("content_block_stop", R"(,"index":0)") +
         AnthropicEvent(
             "message_delta",
             R"(,"delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":2})") +
         AnthropicEvent("message_stop", "");
}

Script Answering(const SeenRequest& request, const std::string& text) {
  const std::string quoted = json(text).dump();
  if (IsAnthropic(request) && IsStream(request)) {
    return Events(
        AnthropicStart() +
        AnthropicEvent("content_block_start", R"(,"index":0,"content_block":{"type":"text","text":""})") +
        AnthropicEvent("content_block_delta",
                       R"(,"index":0,"delta":{"type":"text_delta","text":)" + quoted + "}") +
        AnthropicEnd());
  }
  if (IsAnthropic(request)) {
    return RespondJson(
        200,
        R"({"id":"m1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":)" +
            quoted +
            R"(}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":2}})");
  }
  if (IsStream(request)) {
    return Events(OpenAiDelta(R"({"role":"assistant","content":""})") +
                  OpenAiDelta("{\"content\":" + quoted + "}") + OpenAiFinish());
  }
  return RespondJson(
      200,
      R"({"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":)" +
          quoted + R"(},"finish_reason":"stop"}]})");
}

Script CallingATool(const SeenRequest& request) {
  const std::string block = R"({"type":"tool_use","id":"t1","name":"weather","input":)";
  if (IsAnthropic(request) && IsStream(request)) {
    return Events(
        AnthropicStart() +
        AnthropicEvent("content_block_start", R"(,"index":0,"content_block":)" + block + "{}}") +
        AnthropicEvent("content_block_delta",
                       R"(,"index":0,"delta":{"type":"input_json_delta","partial_json":"{\"city\":"})") +
        AnthropicEvent("content_block_delta",
                       R"(,"index":0,"delta":{"type":"input_json_delta","partial_json":"\"Oslo\"}"})") +
        AnthropicEnd());
  }
  if (IsAnthropic(request)) {
    return RespondJson(
        200,
        R"({"id":"m1","type":"message","role":"assistant","model":"m","content":[)" + block +
            R"({"city":"Oslo"}}],"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":2}})");
  }
  const std::string call =
      R"({"index":0,"id":"t1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Oslo\"}"}})";
  if (IsStream(request)) return Events(OpenAiDelta("{\"tool_calls\":[" + call + "]}") + OpenAiFinish());
  return RespondJson(200, R"({"id":"c1","choices":[{"index":0,"message":{"role":"assistant","content":null,)"
                          R"("tool_calls":[)" +
                              call + R"(]},"finish_reason":"tool_calls"}]})");
}

Script Failing(const SeenRequest& request, int status, const Headers& headers) {
  Headers all = headers;
  all.emplace_back("Content-Type", "application/json");
  return Respond(status,
                 IsAnthropic(request)
                     ? R"({"type":"error","error":{"type":"api_error","message":"no"}})"
                     : R"({"error":{"message":"no","type":"server_error","param":null,"code":"busy"}})",
                 all);
}

std::string TargetOf(const FakeUpstream& upstream, const std::string& provider, const std::string& more) {
  return R"({"provider":")" + provider + R"(","api_key":"k","custom_host":")" + upstream.url() + "/v1\"" +
         more + "}";
}

}  // namespace portolan::test
