#pragma once

// Drives how a dialect counts tokens as the gateway does, JSON in and JSON out through the codec. The JSON is
// compared as nlohmann's, which knows nothing of the code under test.

#include <google/protobuf/message.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "portolan/v1/chat_request.pb.h"
#include "portolan/v1/token_count.pb.h"
#include "providers/dialect.h"
#include "server/codec/codec.h"

namespace portolan::providers {

class CountDriver {
 public:
  // `logged_as`: the member under which requests are logged for tests/conformance/*_schema; empty: as they
  // are.
  explicit CountDriver(const Dialect& dialect, std::string_view logged_as = {})
      : form_(*dialect.Find(operation::kCountTokens)), logged_as_(logged_as) {
    const google::protobuf::Descriptor* roots[] = {
        v1::ChatCompletionRequest::descriptor(), v1::TokenCount::descriptor(), form_.request->GetDescriptor(),
        form_.answer->GetDescriptor()};
    auto compiled = codec::Codec::Compile(roots);
    if (!compiled.ok()) std::abort();
    codec_ = *std::move(compiled);
  }

  struct Result {
    nlohmann::json json;
    DroppedMembers dropped;
    std::optional<Error> error;
  };

  // What the provider is sent for a request of the hub's. The call's model is that of the request.
  Result Encode(const nlohmann::json& hub) const {
    Result result;
    v1::ChatCompletionRequest request;
    if (!Read(hub.dump(), {}, &request)) return result;
    const std::unique_ptr<Message> wire(form_.request->New());
    result.error = form_.mapping->RequestToWire(request, Facts(request.model()), wire.get(), &result.dropped);
    if (!result.error) result.json = Write(*wire);
    if (!result.error) Log(result.json);
    return result;
  }

  // What the hub makes of the provider's answer.
  Result Decode(std::string_view wire, std::string_view model) const {
    Result result;
    const std::unique_ptr<Message> answer(form_.answer->New());
    if (!Read(wire, {.strictness = codec::Strictness::kResponse}, answer.get())) return result;
    v1::TokenCount hub;
    result.error = form_.mapping->AnswerToHub(*answer, Facts(model), &hub);
    if (!result.error) result.json = Write(hub);
    return result;
  }

  // For dialects that callers speak: their request in the hub's words, and their answer.
  Result ToHub(const nlohmann::json& wire) const {
    Result result;
    const std::unique_ptr<Message> request(form_.request->New());
    if (!Read(wire.dump(), {}, request.get())) return result;
    v1::ChatCompletionRequest hub;
    result.error = form_.mapping->RequestToHub(*request, Facts("m"), &hub, &result.dropped);
    if (!result.error) result.json = Write(hub);
    return result;
  }
  nlohmann::json Answer(const nlohmann::json& hub) const {
    v1::TokenCount count;
    if (!Read(hub.dump(), {}, &count)) return {};
    const std::unique_ptr<Message> wire(form_.answer->New());
    form_.mapping->AnswerToWire(count, Facts("m"), wire.get());
    return Write(*wire);
  }

 private:
  static CallFacts Facts(std::string_view model) {
    return {.operation = operation::kCountTokens, .model = model};
  }

  bool Read(std::string_view json, const codec::DecodeOptions& options, Message* out) const {
    codec::DecodeError problem;
    const bool good = codec::Decode(*codec_->Find(out->GetDescriptor()), json, options, out, &problem);
    EXPECT_TRUE(good) << problem.ToString();
    return good;
  }

  nlohmann::json Write(const Message& message) const {
    const codec::MessagePlan& plan = *codec_->Find(message.GetDescriptor());
    codec::DecodeError problem;
    EXPECT_TRUE(codec::CheckVerbatim(plan, message, {}, &problem)) << problem.ToString();
    std::string text;
    codec::Encode(plan, message, {.for_upstream = true, .replace_surrogates = true}, &text);
    return nlohmann::json::parse(text);
  }

  // Those that no caller would send are left out: with members that a test made up, all called `novel`.
  void Log(const nlohmann::json& request) const {
    const char* path = std::getenv("PORTOLAN_REQUEST_LOG");
    const std::string text =
        logged_as_.empty() ? request.dump() : nlohmann::json{{std::string(logged_as_), request}}.dump();
    if (path == nullptr || text.find("\"novel\"") != std::string::npos) return;
    std::ofstream(path, std::ios::app) << text << '\n';
  }

  const Form& form_;
  const std::string_view logged_as_;
  std::unique_ptr<codec::Codec> codec_;
};

}  // namespace portolan::providers
