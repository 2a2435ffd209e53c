#include <string>
#include <vector>

#include "providers/echo/answer.h"
#include "providers/echo/reply.h"

namespace portolan::providers::echo {
namespace {

class CompletionAnswer final : public Answer {
 public:
  CompletionAnswer(const CallFacts& facts, Behavior behavior, const v1::CompletionRequest& request)
      : facts_(facts), model_(facts.model), behavior_(behavior), texts_(InputTexts(request.prompt())) {
    for (size_t i = 0; i < texts_.size(); ++i) {
      tokens_ += CountTokens(texts_[i]);
      for (const std::string_view piece : Pieces(texts_[i])) pieces_.emplace_back(i, piece);
    }
  }

  Step Next(Message* out) override {
    auto& completion = static_cast<v1::Completion&>(*out);
    completion.set_id(MakeId("cmpl", facts_));
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
      return CutStep();
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
  const Behavior behavior_;
  const std::vector<std::string> texts_;
  std::vector<std::pair<size_t, std::string_view>> pieces_;
  int64_t tokens_ = 0;
  int chunk_ = 0;
};

}  // namespace

std::unique_ptr<Answer> NewCompletionAnswer(const CallFacts& facts, Behavior behavior,
                                            const v1::CompletionRequest& request) {
  return std::make_unique<CompletionAnswer>(facts, behavior, request);
}

}  // namespace portolan::providers::echo
