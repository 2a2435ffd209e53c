#include "providers/anthropic/anthropic.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "providers/anthropic/chat.h"
#include "providers/anthropic/errors.h"
#include "providers/anthropic/models.h"
#include "providers/path.h"

namespace portolan::providers {
namespace {

// The newest version refuses sampling parameters, which OpenAI's callers use; see README.md.
constexpr std::string_view kDefaultVersion = "2023-06-01";
constexpr std::string_view kVersionOption = "anthropic_version";
constexpr std::string_view kBetaOption = "anthropic_beta";

// Tokens of OAuth and of ANTHROPIC_AUTH_TOKEN start so, and are accepted as a bearer only.
constexpr std::string_view kBearerPrefix = "sk-ant-oat";

// Whether `query` has a parameter of this name.
bool HasParameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    if (pair.substr(0, pair.find('=')) == name) return true;
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return false;
}

class AnthropicProvider final : public Provider {
 public:
  std::string_view name() const override { return "anthropic"; }
  std::string_view default_base_url() const override { return "https://api.anthropic.com/v1"; }
  std::span<const std::string_view> key_variables() const override {
    static constexpr std::array<std::string_view, 2> kNames = {"ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"};
    return kNames;
  }
  std::string_view key_header() const override { return "x-api-key"; }
  std::span<const std::string_view> option_names() const override {
    static constexpr std::array<std::string_view, 2> kNames = {kVersionOption, kBetaOption};
    return kNames;
  }

  std::optional<Error> Locate(const CallFacts& facts, const Target& target, HttpCall* call) const override {
    switch (facts.operation) {
      case Operation::kChat:
        call->method = "POST";
        call->path = "/messages";
        break;
      case Operation::kListModels:
        call->method = "GET";
        call->path = "/models";
        // The most that one page holds.
        if (!HasParameter(facts.query, "limit")) AppendQuery("limit=1000", &call->path);
        AppendQuery(facts.query, &call->path);
        break;
      case Operation::kGetModel:
        call->method = "GET";
        call->path = "/models/";
        AppendPathSegment(facts.model, /*keep_slash=*/false, &call->path);
        AppendQuery(facts.query, &call->path);
        break;
      case Operation::kCompletion:
      case Operation::kEmbedding:
        return Error::InvalidRequest("unsupported_operation",
                                     "anthropic has no operation " + std::string(ToString(facts.operation)));
    }
    AddCredentials(target, call);
    const std::string_view version = target.option(kVersionOption);
    call->headers.push_back({"anthropic-version", std::string(version.empty() ? kDefaultVersion : version)});
    const std::string_view beta = target.option(kBetaOption);
    if (!beta.empty()) call->headers.push_back({"anthropic-beta", std::string(beta)});
    return std::nullopt;
  }

  Shape shape(Operation operation) const override {
    switch (operation) {
      case Operation::kChat:
        return {Shape::Kind::kTranslated, &chat_};
      case Operation::kListModels:
        return {Shape::Kind::kTranslated, &list_models_};
      case Operation::kGetModel:
        return {Shape::Kind::kTranslated, &get_model_};
      case Operation::kCompletion:
      case Operation::kEmbedding:
        break;
    }
    return {};
  }

  Error Classify(int http_status, std::span<const HeaderView> headers, std::string_view body,
                 const Target& target) const override {
    return anthropic::ClassifyAnswer(http_status, headers, body, target);
  }

 private:
  static void AddCredentials(const Target& target, HttpCall* call) {
    if (target.api_key.empty()) return;
    const std::string_view key = target.api_key.Reveal();
    if (key.starts_with(kBearerPrefix)) {
      call->headers.push_back({"authorization", "Bearer " + std::string(key)});
    } else {
      call->headers.push_back({"x-api-key", std::string(key)});
    }
  }

  anthropic::ChatTranslator chat_;
  anthropic::ListModelsTranslator list_models_;
  anthropic::GetModelTranslator get_model_;
};

}  // namespace

std::unique_ptr<Provider> NewAnthropicProvider() { return std::make_unique<AnthropicProvider>(); }

}  // namespace portolan::providers
