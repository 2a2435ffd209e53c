#include "tests/faults/caller.h"

#include <chrono>
#include <nlohmann/json.hpp>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tests/faults/messages_reader.h"

namespace portolan::faults {
namespace {

using nlohmann::json;

struct Provider {
  std::string name;
  std::string base;  // of its paths
};
Provider ProviderOf(Dialect dialect) {
  switch (dialect) {
    case Dialect::kOpenAi:
      return {"openai", "/v1"};
    case Dialect::kAnthropic:
      return {"anthropic", "/v1"};
    case Dialect::kGoogle:
      return {"google", "/v1beta"};
    case Dialect::kBedrock:
      return {"bedrock", ""};
    case Dialect::kCohere:
      break;
  }
  return {"cohere", ""};
}

// Reads `{"error": {...}}`, checking that it has the members that OpenAI's SDKs rely on.
void ReadError(const json& document, Seen* seen) {
  const auto found = document.find("error");
  if (found == document.end() || !found->is_object()) {
    seen->malformed = "no error object: " + document.dump();
    return;
  }
  for (const char* name : {"message", "type"}) {
    if (!found->contains(name) || !(*found)[name].is_string() || (*found)[name].get<std::string>().empty())
      seen->malformed = "the error has no " + std::string(name) + ": " + document.dump();
  }
  if (found->contains("code") && (*found)["code"].is_string()) seen->code = (*found)["code"];
  if (found->contains("portolan")) seen->error_class = (*found)["portolan"].value("class", "");
}

void ReadUnary(const test::TestAnswer& answer, Seen* seen) {
  if (!answer.complete) seen->malformed = "the answer is not whole";
  const json document = json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) {
    seen->malformed = "not JSON: " + answer.body.substr(0, 200);
  } else if (answer.status == 200) {
    seen->kind = Outcome::Kind::kAnswer;
    const json text = document.value(json::json_pointer("/choices/0/message/content"), json());
    if (text.is_string()) seen->text = text;
    if (document.contains("error")) seen->malformed = "an error under status 200";
  } else {
    seen->kind = Outcome::Kind::kError;
    ReadError(document, seen);
    // A provider's own error passes untouched; what it is is told by a header then.
    const std::string header = answer.Header("x-portolan-error");
    if (!header.empty()) seen->error_class = json::parse(header, nullptr, false).value("class", "");
  }
}

void ReadStream(const test::TestAnswer& answer, Seen* seen) {
  seen->kind = Outcome::Kind::kAnswer;
  bool done = false;
  size_t at = 0;
  while (at < answer.body.size()) {
    const size_t end = answer.body.find("\n\n", at);
    const std::string event = answer.body.substr(at, end - at);
    at = end == std::string::npos ? answer.body.size() : end + 2;
    if (event.starts_with(":")) continue;
    if (end == std::string::npos || !event.starts_with("data: ")) {
      seen->malformed = "not a whole event: " + event.substr(0, 200);
      continue;
    }
    if (done || seen->kind == Outcome::Kind::kBreak) seen->malformed = "something after the end: " + event;
    if (event == "data: [DONE]") {
      done = true;
      continue;
    }
    const json document = json::parse(event.substr(6), nullptr, false);
    if (!document.is_object()) {
      seen->malformed = "an event is not a JSON object: " + event.substr(0, 200);
    } else if (document.contains("error")) {
      seen->kind = Outcome::Kind::kBreak;
      ReadError(document, seen);
    } else {
      const json text = document.value(json::json_pointer("/choices/0/delta/content"), json());
      if (text.is_string()) seen->text += text.get<std::string>();
    }
  }
  if (!answer.complete) seen->malformed = "the stream is not in good framing";
  if (seen->kind == Outcome::Kind::kAnswer && !done) seen->malformed = "a clean end without [DONE]";
  if (seen->kind == Outcome::Kind::kBreak && done) seen->malformed = "an error and [DONE]";
}

// Nobody has looked at what was said: it is what it was, or the framing tells that it is not.
void ReadRelayed(const test::TestAnswer& answer, const Setting& setting, Seen* seen) {
  if (answer.status != 200) {
    ReadUnary(answer, seen);
  } else if (!answer.complete) {
    seen->kind = Outcome::Kind::kCut;
  } else if (answer.body == GoodBody(setting)) {
    seen->kind = Outcome::Kind::kAnswer;
    seen->text = kText;
  } else {
    seen->malformed = "broken, and looks whole: " + answer.body.substr(0, 200);
  }
}

void ReadStatus(const grpc::Status& status, bool began, Seen* seen) {
  seen->rpc = status.error_code();
  if (status.ok()) {
    seen->kind = Outcome::Kind::kAnswer;
    return;
  }
  seen->kind = began ? Outcome::Kind::kBreak : Outcome::Kind::kError;
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  if (!details.ParseFromString(status.error_details()) || details.details_size() == 0 ||
      !details.details(0).UnpackTo(&info)) {
    seen->malformed = "a status without ErrorInfo: " + status.error_message();
    return;
  }
  if (status.error_message().empty()) seen->malformed = "a status without a message";
  seen->code = info.reason();
  seen->error_class = info.metadata().at("class");
  seen->status = std::stoi(info.metadata().at("http_status"));
}

}  // namespace

std::string NameOf(Door door) {
  switch (door) {
    case Door::kRest:
      return "REST";
    case Door::kGrpc:
      return "gRPC";
    case Door::kMessages:
      return "Messages";
    case Door::kRelay:
      break;
  }
  return "relayed";
}

Caller::Caller(test::GatewayFixture& gateway)
    : http_address_(gateway.http_address()),
      chat_(v1::ChatService::NewStub(
          grpc::CreateChannel(gateway.grpc_address(), grpc::InsecureChannelCredentials()))) {}

Seen Caller::Call(Door door, const Setting& setting, const std::string& upstream, const std::string& config) {
  const Provider provider = ProviderOf(setting.dialect);
  test::Headers headers = {{"x-portolan-provider", provider.name},
                           {"x-portolan-custom-host", upstream + provider.base},
                           {"authorization", "Bearer sk-caller"}};
  if (!config.empty()) headers.emplace_back("x-portolan-config", config);
  return door == Door::kGrpc ? Rpc(setting, headers) : Rest(door, setting, headers);
}

Seen Caller::Rest(Door door, const Setting& setting, const test::Headers& headers) {
  test::TestClient client(http_address_);
  const std::string body = std::string(R"({"model":"m","max_tokens":9,"stream":)") +
                           (setting.mode == Mode::kStream ? "true" : "false") +
                           R"(,"messages":[{"role":"user","content":"hi"}]})";
  const char* path = "/v1/chat/completions";
  if (door == Door::kMessages) path = "/v1/messages";
  if (door == Door::kRelay) path = "/v1/threads/t1/runs";
  const test::TestAnswer answer = client.Post(path, body, headers);
  const bool stream = answer.status == 200 && setting.mode == Mode::kStream;
  Seen seen;
  seen.status = answer.status;
  if (answer.status == 0) {
    seen.malformed = "no answer";
  } else if (door == Door::kRelay) {
    ReadRelayed(answer, setting, &seen);
  } else if (door == Door::kMessages) {
    stream ? ReadMessageStream(answer, &seen) : ReadMessage(answer, &seen);
  } else {
    stream ? ReadStream(answer, &seen) : ReadUnary(answer, &seen);
  }
  return seen;
}

Seen Caller::Rpc(const Setting& setting, const test::Headers& headers) {
  grpc::ClientContext context;
  for (const auto& [name, value] : headers) context.AddMetadata(name, value);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(120));
  v1::ChatCompletionRequest request;
  request.set_model("m");
  request.set_max_tokens(9);
  v1::Message& message = *request.add_messages();
  message.set_role("user");
  message.mutable_content()->set_text("hi");
  Seen seen;
  if (setting.mode == Mode::kUnary) {
    v1::ChatCompletion answer;
    ReadStatus(chat_->CreateChatCompletion(&context, request, &answer), /*began=*/false, &seen);
    if (answer.choices_size() > 0) seen.text = answer.choices(0).message().content().text();
    return seen;
  }
  const auto reader = chat_->StreamChatCompletion(&context, request);
  v1::ChatCompletionChunk chunk;
  bool began = false;
  while (reader->Read(&chunk)) {
    began = true;
    if (chunk.choices_size() > 0) seen.text += chunk.choices(0).delta().content();
  }
  ReadStatus(reader->Finish(), began, &seen);
  return seen;
}

}  // namespace portolan::faults
