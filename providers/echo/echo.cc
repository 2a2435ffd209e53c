#include "providers/echo/echo.h"

#include <array>
#include <cstring>
#include <string>
#include <utility>

#include "portolan/v1/chat_completion.pb.h"
#include "portolan/v1/model.pb.h"
#include "providers/echo/behavior.h"
#include "providers/echo/reply.h"

namespace portolan::providers {
namespace {

using Step = LocalProvider::Step;

constexpr std::array<std::string_view, 4> kModels = {"echo/echo", "echo/echo-slow-100", "echo/echo-fail-503",
                                                     "echo/echo-cut-2"};
constexpr int kDefaultDimensions = 8;
constexpr int64_t kMaxDimensions = 4096;

Step EndStep() { return {}; }

Step ErrorStep(Error error) {
  Step step;
  step.kind = Step::Kind::kError;
  step.error = std::move(error);
  return step;
}

Step MessageStep(std::chrono::milliseconds delay) {
  Step step;
  step.kind = Step::Kind::kMessage;
  step.delay = delay;
  return step;
}

std::string Id(std::string_view kind, const CallFacts& facts) {
  return std::string(kind) + "-echo-" + std::to_string(facts.unix_seconds);
}

void FillUsage(int64_t prompt, int64_t completion, v1::Usage* usage) {
  usage->set_prompt_tokens(prompt);
  usage->set_completion_tokens(completion);
  usage->set_total_tokens(prompt + completion);
}

// A unary answer: one message, then the end.
class OneMessage : public LocalProvider::Answer {
 public:
  OneMessage(const CallFacts& facts, echo::Behavior behavior)
      : facts_(facts), model_(facts.model), behavior_(behavior) {}

  Step Next(Message* out) final {
    if (done_) return EndStep();
    done_ = true;
    Fill(out);
    return MessageStep(behavior_.delay);
  }

 protected:
  virtual void Fill(Message* out) = 0;

  const CallFacts facts_;
  const std::string model_;
  const echo::Behavior behavior_;

 private:
  bool done_ = false;
};

class ChatAnswer final : public OneMessage {
 public:
  ChatAnswer(const CallFacts& facts, echo::Behavior behavior, const v1::ChatCompletionRequest& request)
      : OneMessage(facts, behavior), reply_(echo::AnswerChat(request)) {}

 private:
  void Fill(Message* out) override {
    auto& completion = static_cast<v1::ChatCompletion&>(*out);
    completion.set_id(Id("chatcmpl", facts_));
    completion.set_object("chat.completion");
    completion.set_created(facts_.unix_seconds);
    completion.set_model(model_);
    v1::ChatChoice& choice = *completion.add_choices();
    choice.set_index(0);
    choice.set_finish_reason(reply_.finish_reason);
    v1::Message& message = *choice.mutable_message();
    message.set_role("assistant");
    if (reply_.calls.empty()) message.mutable_content()->set_text(reply_.text);
    int number = 0;
    for (const echo::ToolCallReply& call : reply_.calls) {
      v1::ToolCall& made = *message.add_tool_calls();
      made.set_id("call_echo_" + std::to_string(number++));
      made.set_type("function");
      made.mutable_function()->set_name(call.name);
      made.mutable_function()->set_arguments(call.arguments);
    }
    FillUsage(reply_.prompt_tokens, reply_.completion_tokens, completion.mutable_usage());
  }

  const echo::ChatReply reply_;
};

// A stream: the role, the text in pieces (or the call in two), the finish reason, and usage if asked for.
class ChatStream final : public LocalProvider::Answer {
 public:
  ChatStream(const CallFacts& facts, echo::Behavior behavior, const v1::ChatCompletionRequest& request)
      : facts_(facts),
        model_(facts.model),
        behavior_(behavior),
        reply_(echo::AnswerChat(request)),
        pieces_(
            echo::Pieces(reply_.calls.empty() ? std::string_view(reply_.text) : reply_.calls[0].arguments)) {}

  Step Next(Message* out) override {
    if (behavior_.cut_after >= 0 && chunk_ >= behavior_.cut_after) {
      Step cut;
      cut.kind = Step::Kind::kCut;
      return cut;
    }
    const size_t chunk = static_cast<size_t>(chunk_++);
    auto& message = static_cast<v1::ChatCompletionChunk&>(*out);
    message.set_id(Id("chatcmpl", facts_));
    message.set_object("chat.completion.chunk");
    message.set_created(facts_.unix_seconds);
    message.set_model(model_);
    if (chunk == pieces_.size() + 2) {
      if (!facts_.include_usage) return EndStep();
      FillUsage(reply_.prompt_tokens, reply_.completion_tokens, message.mutable_usage());
      // An empty list, written out: a chunk of usage has no choices.
      v1::Extra& empty = *message.add_extra();
      empty.set_name("choices");
      empty.set_json("[]");
      return MessageStep(behavior_.delay);
    }
    if (chunk > pieces_.size() + 2) return EndStep();
    v1::ChatChunkChoice& choice = *message.add_choices();
    choice.set_index(0);
    v1::MessageDelta& delta = *choice.mutable_delta();
    if (chunk == 0) {
      FillFirst(&delta);
    } else if (chunk <= pieces_.size()) {
      FillPiece(pieces_[chunk - 1], &delta);
    } else {
      choice.set_finish_reason(reply_.finish_reason);
    }
    return MessageStep(behavior_.delay);
  }

 private:
  void FillFirst(v1::MessageDelta* delta) const {
    delta->set_role("assistant");
    if (reply_.calls.empty()) {
      delta->set_content("");
      return;
    }
    v1::ToolCallDelta& call = *delta->add_tool_calls();
    call.set_index(0);
    call.set_id("call_echo_0");
    call.set_type("function");
    call.mutable_function()->set_name(reply_.calls[0].name);
    call.mutable_function()->set_arguments("");
  }

  void FillPiece(std::string_view piece, v1::MessageDelta* delta) const {
    if (reply_.calls.empty()) {
      delta->set_content(std::string(piece));
      return;
    }
    v1::ToolCallDelta& call = *delta->add_tool_calls();
    call.set_index(0);
    call.mutable_function()->set_arguments(std::string(piece));
  }

  const CallFacts facts_;
  const std::string model_;
  const echo::Behavior behavior_;
  const echo::ChatReply reply_;
  const std::vector<std::string_view> pieces_;
  int chunk_ = 0;
};

class CompletionAnswer final : public LocalProvider::Answer {
 public:
  CompletionAnswer(const CallFacts& facts, echo::Behavior behavior, const v1::CompletionRequest& request)
      : facts_(facts), model_(facts.model), behavior_(behavior), texts_(echo::InputTexts(request.prompt())) {
    for (size_t i = 0; i < texts_.size(); ++i) {
      tokens_ += echo::CountTokens(texts_[i]);
      for (const std::string_view piece : echo::Pieces(texts_[i])) pieces_.emplace_back(i, piece);
    }
  }

  Step Next(Message* out) override {
    auto& completion = static_cast<v1::Completion&>(*out);
    completion.set_id(Id("cmpl", facts_));
    completion.set_object("text_completion");
    completion.set_created(facts_.unix_seconds);
    completion.set_model(model_);
    return facts_.stream ? NextChunk(&completion) : Whole(&completion);
  }

 private:
  Step Whole(v1::Completion* completion) {
    if (chunk_++ > 0) return EndStep();
    for (size_t i = 0; i < texts_.size(); ++i) AddChoice(i, texts_[i], "stop", completion);
    FillUsage(tokens_, tokens_, completion->mutable_usage());
    return MessageStep(behavior_.delay);
  }

  Step NextChunk(v1::Completion* completion) {
    if (behavior_.cut_after >= 0 && chunk_ >= behavior_.cut_after) {
      Step cut;
      cut.kind = Step::Kind::kCut;
      return cut;
    }
    const size_t chunk = static_cast<size_t>(chunk_++);
    if (chunk < pieces_.size()) {
      AddChoice(pieces_[chunk].first, pieces_[chunk].second, "", completion);
    } else if (chunk < pieces_.size() + texts_.size()) {
      AddChoice(chunk - pieces_.size(), "", "stop", completion);
    } else if (chunk == pieces_.size() + texts_.size() && facts_.include_usage) {
      FillUsage(tokens_, tokens_, completion->mutable_usage());
      v1::Extra& empty = *completion->add_extra();
      empty.set_name("choices");
      empty.set_json("[]");
    } else {
      return EndStep();
    }
    return MessageStep(behavior_.delay);
  }

  static void AddChoice(size_t index, std::string_view text, std::string_view finish,
                        v1::Completion* completion) {
    v1::CompletionChoice& choice = *completion->add_choices();
    choice.set_index(static_cast<int32_t>(index));
    choice.set_text(std::string(text));
    if (!finish.empty()) choice.set_finish_reason(std::string(finish));
  }

  const CallFacts facts_;
  const std::string model_;
  const echo::Behavior behavior_;
  const std::vector<std::string> texts_;
  std::vector<std::pair<size_t, std::string_view>> pieces_;
  int64_t tokens_ = 0;
  int chunk_ = 0;
};

std::string Base64(std::span<const float> values) {
  constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes(values.size() * sizeof(float), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const auto at = [&](size_t k) { return k < bytes.size() ? static_cast<unsigned char>(bytes[k]) : 0u; };
    const unsigned group = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
    out += kAlphabet[group >> 18];
    out += kAlphabet[(group >> 12) & 63];
    out += i + 1 < bytes.size() ? kAlphabet[(group >> 6) & 63] : '=';
    out += i + 2 < bytes.size() ? kAlphabet[group & 63] : '=';
  }
  return out;
}

class EmbeddingAnswer final : public OneMessage {
 public:
  EmbeddingAnswer(const CallFacts& facts, echo::Behavior behavior, const v1::EmbeddingRequest& request)
      : OneMessage(facts, behavior), request_(request) {}

 private:
  void Fill(Message* out) override {
    auto& response = static_cast<v1::EmbeddingResponse&>(*out);
    response.set_object("list");
    response.set_model(model_);
    const int dimensions =
        request_.has_dimensions() ? static_cast<int>(request_.dimensions()) : kDefaultDimensions;
    int64_t tokens = 0;
    for (const std::string& text : echo::InputTexts(request_.input())) {
      tokens += echo::CountTokens(text);
      v1::Embedding& embedding = *response.add_data();
      embedding.set_object("embedding");
      embedding.set_index(response.data_size() - 1);
      const std::vector<float> vector = echo::Embed(text, dimensions);
      if (request_.encoding_format() == "base64") {
        embedding.mutable_embedding()->set_base64(Base64(vector));
      } else {
        for (const float value : vector)
          embedding.mutable_embedding()->mutable_floats()->add_values(static_cast<double>(value));
      }
    }
    response.mutable_usage()->set_prompt_tokens(tokens);
    response.mutable_usage()->set_total_tokens(tokens);
  }

  const v1::EmbeddingRequest& request_;
};

void FillModel(std::string_view id, v1::Model* model) {
  model->set_id(std::string(id));
  model->set_object("model");
  model->set_created(0);
  model->set_owned_by("portolan");
}

class ModelAnswer final : public OneMessage {
 public:
  using OneMessage::OneMessage;

 private:
  void Fill(Message* out) override {
    if (facts_.operation == Operation::kGetModel) {
      const std::string_view prefix = model_.starts_with("echo/") ? "" : "echo/";
      FillModel(std::string(prefix) + model_, static_cast<v1::Model*>(out));
      return;
    }
    auto& list = static_cast<v1::ModelList&>(*out);
    list.set_object("list");
    for (const std::string_view id : kModels) FillModel(id, list.add_data());
  }
};

class Failure final : public LocalProvider::Answer {
 public:
  Failure(Error error, std::chrono::milliseconds delay) : error_(std::move(error)), delay_(delay) {}
  Step Next(Message*) override {
    Step step = ErrorStep(error_);
    step.delay = delay_;
    return step;
  }

 private:
  const Error error_;
  const std::chrono::milliseconds delay_;
};

Error UnknownModel(std::string_view model) {
  Error error =
      Error::InvalidRequest("model_not_found",
                            "echo has no model called `" + std::string(model) +
                                "`; names are echo with -slow-MS, -fail-STATUS, -cut-CHUNKS after it",
                            "model");
  error.http_status = 404;
  return error;
}

Error AskedToFail(int status) {
  Error error;
  error.error_class = ErrorClass::kProvider;
  error.http_status = status;
  error.code = "echo_failure";
  error.message = "echo was asked to fail with " + std::to_string(status);
  error.retryable = status == 429 || status >= 500;
  return error;
}

class EchoProvider final : public Provider, public LocalProvider {
 public:
  std::string_view name() const override { return "echo"; }
  std::string_view default_base_url() const override { return {}; }
  std::span<const std::string_view> key_variables() const override { return {}; }
  std::span<const std::string_view> option_names() const override { return {}; }
  std::optional<Error> Locate(const CallFacts&, const Target&, HttpCall*) const override {
    return UnknownModel("");
  }
  Shape shape(Operation) const override { return {Shape::Kind::kLocal, nullptr}; }
  const LocalProvider* local() const override { return this; }
  Error Classify(int status, std::span<const HeaderView>, std::string_view, const Target&) const override {
    return AskedToFail(status);
  }

  std::unique_ptr<Answer> Start(const CallFacts& facts, const Message& request) const override {
    const auto behavior =
        facts.operation == Operation::kListModels ? echo::Behavior{} : echo::ParseModel(facts.model);
    if (!behavior) return std::make_unique<Failure>(UnknownModel(facts.model), std::chrono::milliseconds(0));
    if (behavior->fail_status != 0 && facts.operation != Operation::kGetModel) {
      return std::make_unique<Failure>(AskedToFail(behavior->fail_status), behavior->delay);
    }
    switch (facts.operation) {
      case Operation::kChat: {
        const auto& chat = static_cast<const v1::ChatCompletionRequest&>(request);
        if (facts.stream) return std::make_unique<ChatStream>(facts, *behavior, chat);
        return std::make_unique<ChatAnswer>(facts, *behavior, chat);
      }
      case Operation::kCompletion:
        return std::make_unique<CompletionAnswer>(facts, *behavior,
                                                  static_cast<const v1::CompletionRequest&>(request));
      case Operation::kEmbedding: {
        const auto& embedding = static_cast<const v1::EmbeddingRequest&>(request);
        if (embedding.has_dimensions() &&
            (embedding.dimensions() < 1 || embedding.dimensions() > kMaxDimensions)) {
          return std::make_unique<Failure>(
              Error::InvalidRequest("invalid_value", "dimensions: must be between 1 and 4096", "dimensions"),
              behavior->delay);
        }
        return std::make_unique<EmbeddingAnswer>(facts, *behavior, embedding);
      }
      case Operation::kListModels:
      case Operation::kGetModel:
        return std::make_unique<ModelAnswer>(facts, *behavior);
    }
    return std::make_unique<Failure>(UnknownModel(facts.model), std::chrono::milliseconds(0));
  }
};

}  // namespace

std::unique_ptr<Provider> NewEchoProvider() { return std::make_unique<EchoProvider>(); }

std::span<const std::string_view> EchoModels() { return kModels; }

}  // namespace portolan::providers
