#include "providers/openai/openai.h"

#include <algorithm>
#include <string>
#include <utility>

#include "providers/classify.h"
#include "providers/path.h"

namespace portolan::providers {
namespace {

class OpenAiProvider final : public Provider {
 public:
  explicit OpenAiProvider(OpenAiRow row) : row_(std::move(row)) {}

  std::string_view name() const override { return row_.name; }
  std::string_view default_base_url() const override { return row_.base_url; }
  bool takes_stream_options() const override { return row_.takes_stream_options; }
  std::span<const std::string_view> key_variables() const override { return row_.key_variables; }
  std::span<const std::string_view> option_names() const override { return row_.option_names; }

  std::optional<Error> Locate(const CallFacts& facts, const Target& target, HttpCall* call) const override {
    call->method = "POST";
    switch (facts.operation) {
      case Operation::kChat:
        call->path = "/chat/completions";
        break;
      case Operation::kCompletion:
        call->path = "/completions";
        break;
      case Operation::kEmbedding:
        call->path = "/embeddings";
        break;
      case Operation::kListModels:
        call->method = "GET";
        call->path = "/models";
        AppendQuery(facts.query, &call->path);
        break;
      case Operation::kGetModel:
        call->method = "GET";
        call->path = "/models/";
        AppendPathSegment(facts.model, /*keep_slash=*/true, &call->path);
        AppendQuery(facts.query, &call->path);
        break;
    }
    if (!target.api_key.empty()) {
      std::string value = "Bearer ";
      value += target.api_key.Reveal();
      call->headers.push_back({"authorization", std::move(value)});
    }
    for (const std::string_view option : row_.option_names) {
      const std::string_view value = target.option(option);
      if (value.empty()) continue;
      std::string header(option);
      std::replace(header.begin(), header.end(), '_', '-');
      call->headers.push_back({std::move(header), std::string(value)});
    }
    return std::nullopt;
  }

  Shape shape(Operation operation) const override {
    const bool known =
        std::find(row_.operations.begin(), row_.operations.end(), operation) != row_.operations.end();
    return {known ? Shape::Kind::kHub : Shape::Kind::kUnsupported, nullptr};
  }

  Error Classify(int http_status, std::span<const HeaderView> headers, std::string_view body,
                 const Target& target) const override {
    Error error;
    ErrorMembers members;
    ReadErrorText(body, &members);
    error.message = std::move(members.message);
    error.type = std::move(members.type);
    error.code = std::move(members.code);
    error.param = std::move(members.param);
    ClassifyStatus(http_status, headers, target, &error);
    if (error.code.empty()) error.code = "upstream_status_" + std::to_string(http_status);
    return error;
  }

 private:
  const OpenAiRow row_;
};

}  // namespace

std::unique_ptr<Provider> NewOpenAiProvider(OpenAiRow row) {
  return std::make_unique<OpenAiProvider>(std::move(row));
}

}  // namespace portolan::providers
