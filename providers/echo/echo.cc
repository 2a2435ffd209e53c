#include "providers/echo/echo.h"

#include <array>
#include <string>
#include <utility>

#include "portolan/v1/model.pb.h"
#include "portolan/v1/token_count.pb.h"
#include "providers/echo/answer.h"
#include "providers/echo/behavior.h"
#include "providers/echo/reply.h"

namespace portolan::providers {
namespace {

using Step = LocalProvider::Step;

constexpr std::array<std::string_view, 4> kModels = {"echo/echo", "echo/echo-slow-100", "echo/echo-fail-503",
                                                     "echo/echo-cut-2"};
constexpr int64_t kMaxDimensions = 4096;

void FillModel(std::string_view id, v1::Model* model) {
  model->set_id(std::string(id));
  model->set_object("model");
  model->set_created(0);
  model->set_owned_by("portolan");
}

class ModelAnswer final : public echo::OneMessage {
 public:
  using echo::OneMessage::OneMessage;

 private:
  void Fill(Message* out) override {
    if (facts_.operation == operation::kGetModel) {
      const std::string_view prefix = model_.starts_with("echo/") ? "" : "echo/";
      FillModel(std::string(prefix) + model_, static_cast<v1::Model*>(out));
      return;
    }
    auto& list = static_cast<v1::ModelList&>(*out);
    list.set_object("list");
    for (const std::string_view id : kModels) FillModel(id, list.add_data());
  }
};

// What the usage of an answer would say.
class TokenCountAnswer final : public echo::OneMessage {
 public:
  TokenCountAnswer(const CallFacts& facts, echo::Behavior behavior, const v1::ChatCompletionRequest& request)
      : OneMessage(facts, behavior), tokens_(echo::PromptTokens(request)) {}

 private:
  void Fill(Message* out) override {
    auto& count = static_cast<v1::TokenCount&>(*out);
    count.set_object("token_count");
    count.set_input_tokens(tokens_);
    count.set_model(model_);
  }

  const int64_t tokens_;
};

class Failure final : public LocalProvider::Answer {
 public:
  Failure(Error error, std::chrono::milliseconds delay) : error_(std::move(error)), delay_(delay) {}
  Step Next(Message*) override {
    Step step;
    step.kind = Step::Kind::kError;
    step.error = error_;
    step.delay = delay_;
    return step;
  }

 private:
  const Error error_;
  const std::chrono::milliseconds delay_;
};

Error UnknownModel(std::string_view model) {
  std::string message = "echo answers for any model, but none is named";
  if (!model.empty()) {
    message = "echo has no model called `" + std::string(model) +
              "`: a name that begins with echo- goes on with slow-MS, fail-STATUS or cut-CHUNKS";
  }
  Error error = Error::InvalidRequest("model_not_found", std::move(message), "model");
  error.http_status = 404;
  return error;
}

Error AskedToFail(int status) {
  return {.error_class = ErrorClass::kProvider,
          .http_status = status,
          .code = "echo_failure",
          .message = "echo was asked to fail with " + std::to_string(status),
          .retryable = status == 429 || status >= 500};
}

class EchoProvider final : public LocalProvider {
 public:
  std::unique_ptr<Answer> Start(const CallFacts& facts, const Message& request) const override {
    const auto behavior =
        facts.operation == operation::kListModels ? echo::Behavior{} : echo::ParseModel(facts.model);
    if (!behavior) return std::make_unique<Failure>(UnknownModel(facts.model), std::chrono::milliseconds(0));
    if (facts.operation == operation::kListModels || facts.operation == operation::kGetModel) {
      return std::make_unique<ModelAnswer>(facts, *behavior);
    }
    if (behavior->fail_status != 0) {
      return std::make_unique<Failure>(AskedToFail(behavior->fail_status), behavior->delay);
    }
    if (facts.operation == operation::kChat) {
      return echo::NewChatAnswer(facts, *behavior, static_cast<const v1::ChatCompletionRequest&>(request));
    }
    if (facts.operation == operation::kCompletion) {
      return echo::NewCompletionAnswer(facts, *behavior, static_cast<const v1::CompletionRequest&>(request));
    }
    if (facts.operation == operation::kCountTokens) {
      return std::make_unique<TokenCountAnswer>(facts, *behavior,
                                                static_cast<const v1::ChatCompletionRequest&>(request));
    }
    const auto& embedding = static_cast<const v1::EmbeddingRequest&>(request);
    if (embedding.has_dimensions() &&
        (embedding.dimensions() < 1 || embedding.dimensions() > kMaxDimensions)) {
      return std::make_unique<Failure>(
          Error::InvalidRequest("invalid_value", "dimensions: must be between 1 and 4096", "dimensions"),
          behavior->delay);
    }
    return echo::NewEmbeddingAnswer(facts, *behavior, embedding);
  }
};

}  // namespace

const LocalProvider& Echo() {
  static const EchoProvider provider;
  return provider;
}

std::span<const std::string_view> EchoModels() { return kModels; }

}  // namespace portolan::providers
