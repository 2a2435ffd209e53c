#pragma once

// Each operation's answers, as steps. Internal to echo.

#include <memory>
#include <string>
#include <utility>

#include "portolan/v1/chat_request.pb.h"
#include "portolan/v1/completion.pb.h"
#include "portolan/v1/embedding.pb.h"
#include "portolan/v1/usage.pb.h"
#include "providers/echo/behavior.h"
#include "providers/local.h"

namespace portolan::providers::echo {

using Step = LocalProvider::Step;
using Answer = LocalProvider::Answer;

inline Step EndStep() { return {}; }

inline Step MessageStep(std::chrono::milliseconds delay) {
  Step step;
  step.kind = Step::Kind::kMessage;
  step.delay = delay;
  return step;
}

inline Step CutStep() {
  Step step;
  step.kind = Step::Kind::kCut;
  return step;
}

inline std::string MakeId(std::string_view kind, const CallFacts& facts) {
  return std::string(kind) + "-echo-" + std::to_string(facts.unix_seconds);
}

inline void FillUsage(int64_t prompt, int64_t completion, v1::Usage* usage) {
  usage->set_prompt_tokens(prompt);
  usage->set_completion_tokens(completion);
  usage->set_total_tokens(prompt + completion);
}

// A unary answer: one message, then the end.
class OneMessage : public Answer {
 public:
  OneMessage(const CallFacts& facts, Behavior behavior)
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
  const Behavior behavior_;

 private:
  bool done_ = false;
};

// Each copies what it needs of the request, except the embedding answer: its request must outlive it.
std::unique_ptr<Answer> NewChatAnswer(const CallFacts& facts, Behavior behavior,
                                      const v1::ChatCompletionRequest& request);
std::unique_ptr<Answer> NewCompletionAnswer(const CallFacts& facts, Behavior behavior,
                                            const v1::CompletionRequest& request);
std::unique_ptr<Answer> NewEmbeddingAnswer(const CallFacts& facts, Behavior behavior,
                                           const v1::EmbeddingRequest& request);

}  // namespace portolan::providers::echo
