#include "server/core/beside_run.h"

#include <utility>

#include "server/core/hook_body.h"
#include "server/core/hook_feedback.h"
#include "server/guardrails/view_of.h"

namespace portolan::core {
namespace {

using guardrails::GuardrailResult;
using guardrails::Question;
using guardrails::Reply;
using guardrails::StreamedAnswer;

// The ids of the checks that did not pass, as the log has them.
std::string Failed(const BesideRun& run, const GuardrailResult& result) {
  std::string failed;
  for (const guardrails::CheckResult& check : result.checks) {
    if (check.passes || failed.size() > 1024) continue;
    failed.append(failed.empty() ? "" : ", ");
    failed.append(run.phase == HookPhase::kInput ? "input:failed " : "output:failed ");
    failed.append(run.guardrail->name.empty() ? "request" : run.guardrail->name).append("/").append(check.id);
  }
  return failed;
}

net::Task<void> Run(CheckAsker& asker, BesideRun run) {
  const net::TimePoint begun = asker.loop().UpdateNow();
  const guardrails::CallFacts facts{run.model, run.request_type, run.subject.metadata};
  guardrails::View view = run.kept->Open();
  guardrails::GuardrailRun steps(*run.guardrail, {&facts, &view, &run.subject, &run.kept->body()});
  std::vector<Reply> replies;
  for (std::vector<Question> questions = steps.Go(); !questions.empty(); questions = steps.Go()) {
    (void)co_await asker.Ask(std::move(questions), {}, &replies);
    steps.Take(replies);
  }
  for (guardrails::BesidePost& post : steps.TakePosts()) {
    const std::string check = post.check;
    if (!asker.Post(run.phase, std::move(post))) {
      asker.observer().OnCheck(run.phase, check, CheckVerdict::kError, {});
    }
  }
  const GuardrailResult result = steps.TakeResult();
  const auto took = asker.loop().UpdateNow() - begun;
  for (const guardrails::CheckResult& check : result.checks) {
    if (check.is_beside) continue;
    asker.observer().OnCheck(run.phase, check.id, static_cast<CheckVerdict>(check.finding.verdict), took);
  }
  const std::string failed = result.passes ? std::string() : Failed(run, result);
  const nlohmann::json says = Feedback(*run.guardrail, result);
  const std::string feedback =
      says.is_null() ? std::string() : says.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (failed.empty() && feedback.empty()) co_return;
  asker.observer().OnLateGuardrail(run.request_id, failed, feedback);
}

}  // namespace

KeptBody::KeptBody(const codec::MessagePlan& plan, const google::protobuf::Message& message)
    : plan_(&plan), message_(message.New()) {
  message_->CopyFrom(message);
}

KeptBody::KeptBody(std::vector<guardrails::LaneText> texts) : lanes_(std::move(texts)) {}

std::unique_ptr<KeptBody> KeptBody::Copy() const {
  if (lanes_) return std::make_unique<KeptBody>(*lanes_);
  if (message_ != nullptr) return std::make_unique<KeptBody>(*plan_, *message_);
  return std::make_unique<KeptBody>(text_, is_json_);
}

size_t KeptBody::size() const {
  size_t bytes = text_.size() + (message_ == nullptr ? 0 : message_->ByteSizeLong());
  if (!lanes_) return bytes;
  for (const guardrails::LaneText& lane : *lanes_) bytes += lane.text.size();
  return bytes;
}

guardrails::View KeptBody::Open() {
  if (lanes_) {
    auto answer = std::make_unique<StreamedAnswer>(*lanes_);
    guardrails::View view = answer->MakeView();
    body_ = std::move(answer);
    return view;
  }
  if (message_ != nullptr) {
    body_ = std::make_unique<MessageBody>(*plan_, codec::Strictness::kResponse, message_.get());
    if (auto view = guardrails::ViewOf(message_.get())) return *std::move(view);
  }
  body_ = std::make_unique<TextBody>(&text_, is_json_);
  return is_json_ ? guardrails::View::OfJson(&text_) : guardrails::View(&text_);
}

bool RunBeside(CheckAsker& asker, BesideRun run) {
  const size_t bytes = run.kept->size();
  return asker.SpawnBeside(Run(asker, std::move(run)), bytes);
}

}  // namespace portolan::core
