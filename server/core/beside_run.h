#pragma once

// Guardrails that run beside a call, when it is over. Internal to core/.

#include <google/protobuf/message.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/codec/codec.h"
#include "server/core/check_asker.h"
#include "server/core/record.h"
#include "server/guardrails/guardrail.h"
#include "server/guardrails/guardrail_run.h"
#include "server/guardrails/streamed_answer.h"

namespace portolan::core {

// A copy of what they are to look at: a message of a type that has a view, a text, or what a stream came to.
class KeptBody {
 public:
  KeptBody(const codec::MessagePlan& plan, const google::protobuf::Message& message);
  KeptBody(std::string_view text, bool is_json) : text_(text), is_json_(is_json) {}
  explicit KeptBody(std::vector<guardrails::LaneText> texts);

  std::unique_ptr<KeptBody> Copy() const;
  // In bytes, about.
  size_t size() const;

  // Makes ready to be looked at, which changes this. The body is valid as long as this is.
  guardrails::View Open();
  guardrails::Body& body() { return *body_; }

 private:
  const codec::MessagePlan* plan_ = nullptr;
  std::unique_ptr<google::protobuf::Message> message_;
  std::string text_;
  bool is_json_ = false;
  std::optional<std::vector<guardrails::LaneText>> lanes_;
  std::unique_ptr<guardrails::Body> body_;  // of one of these
};

// One guardrail that asks the network, with all that it needs.
struct BesideRun {
  HookPhase phase = HookPhase::kInput;
  std::shared_ptr<const guardrails::Guardrail> guardrail;
  std::unique_ptr<KeptBody> kept;
  guardrails::Subject subject;
  std::string model;         // of the facts
  std::string request_type;  // likewise
  std::string request_id;    // for the log
};

// Runs it, counts its checks and logs what did not pass. False, with nothing started, if too much is under
// way.
bool RunBeside(CheckAsker& asker, BesideRun run);

}  // namespace portolan::core
