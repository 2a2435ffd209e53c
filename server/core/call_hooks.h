#pragma once

// The guardrails of one call: which of them run, and what they have found. Internal to core/.

#include <chrono>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/error.h"
#include "server/core/call_state.h"
#include "server/core/record.h"
#include "server/guardrails/guardrail.h"
#include "server/guardrails/guardrail_run.h"
#include "server/guardrails/question.h"
#include "server/guardrails/streamed_answer.h"
#include "server/net/task.h"

namespace portolan::core {

class KeptBody;

// Belongs to one call that has guardrails; not thread-safe.
class CallHooks {
 public:
  explicit CallHooks(CallState& call);
  ~CallHooks();

  // Another attempt begins: what was found in the one before is forgotten.
  void Begin(const guardrails::Hooks* of_target);

  // What runs in a phase, in its order: those of the target, of the call's headers, of its caller and of the
  // gateway. Without those that run beside the call.
  const guardrails::GuardrailList& Of(HookPhase phase) const { return now_[Index(phase)]; }
  // Those that do.
  const guardrails::GuardrailList& Beside(HookPhase phase) const { return beside_[Index(phase)]; }

  // What checks may know of the call besides its texts.
  const guardrails::CallFacts& facts() const { return facts_; }

  // Whether any of them asks the network.
  bool Asks(HookPhase phase) const { return asks_[Index(phase)]; }
  // Whether those that look at the answer are to be told of the request.
  bool TellsRequest() const { return tells_request_; }
  // Keeps it for them, as it goes to the target.
  void KeepRequest(const guardrails::Body& body, const guardrails::View& view);

  // Runs what Of() says on a view of `body`, and notes what comes of it. True if the texts have been changed.
  // If the call ends meanwhile, Denial() says how.
  net::Task<bool> Run(HookPhase phase, guardrails::View* view, guardrails::Body* body);
  // The same without an await. REQUIRES: !Asks(phase).
  bool RunNow(HookPhase phase, guardrails::View* view);
  // Notes what one of them has found, which took so long.
  void Note(HookPhase phase, const guardrails::Guardrail& guardrail,
            const guardrails::GuardrailResult& result, std::chrono::nanoseconds took);
  // What they are to look at cannot be read: those of the operator cannot tell, and those that came with the
  // call have no effect, which the answer's head names.
  void NoteUnreadable(HookPhase phase);

  // The error of a call that some guardrail denies, or that has ended while one asked; nullopt: it goes on.
  std::optional<Error> Denial() const;
  // The error of a call that a guardrail has denied while it looked at parts of a stream.
  Error LateDenial() const;
  // Some guardrail has failed that does not deny: the answer's status is 246.
  bool failed() const { return failed_; }

  // Whether there is anything to tell in `hook_results`.
  bool has_results() const { return !results_[0].empty() || !results_[1].empty(); }
  std::shared_ptr<const HookResultsText> Results() const;
  bool HasResults(HookPhase phase) const { return !results_[Index(phase)].empty(); }
  // The results of one phase alone, as they stand in a stream: JSON, and a chunk of the hub in wire format.
  std::string ResultsOf(HookPhase phase) const;
  std::string ResultsAsChunk(HookPhase phase) const;

  // Keeps what those that run beside the call are to look at when it is over.
  void KeepIfWanted(HookPhase phase, const codec::MessagePlan& plan,
                    const google::protobuf::Message& message);
  void KeepIfWanted(HookPhase phase, std::string_view text, bool is_json);
  void KeepIfWanted(HookPhase phase, const std::vector<guardrails::LaneText>& texts);
  // The call is over: runs them, which nobody waits for, and tells what the log is to say. *record views
  // this.
  void Finish(CallOutcome* record);

 private:
  static size_t Index(HookPhase phase) { return static_cast<size_t>(phase); }
  void BeginNetwork();
  bool BeginNetwork(HookPhase phase, const guardrails::Guardrail& guardrail);
  net::Task<guardrails::GuardrailResult> RunAsking(HookPhase phase, const guardrails::Guardrail& guardrail,
                                                   guardrails::View* view, guardrails::Body* body);
  void NoteDropped(HookPhase phase, std::string_view guardrail, std::string_view check);
  void FinishBeside(HookPhase phase);
  std::string AsWire(const std::string& results) const;
  void Log(HookPhase phase, const guardrails::Guardrail& guardrail, const guardrails::GuardrailResult& result,
           const nlohmann::json& feedback);

  CallState& call_;
  guardrails::CallFacts facts_;
  guardrails::GuardrailList now_[2];
  guardrails::GuardrailList beside_[2];
  std::string results_[2];  // the elements of a JSON list
  std::unique_ptr<KeptBody> kept_[2];
  bool asks_[2] = {false, false};
  bool tells_request_ = false;
  guardrails::Subject subject_;  // for those that ask
  std::optional<Error> ended_;   // the call is over
  std::string failed_checks_;    // for the log, of all attempts
  std::string feedback_;
  bool denied_ = false;
  bool erred_ = false;  // and that because a check could not tell
  bool failed_ = false;
};

// Appends a portolan.v1.HookResults in wire format to an answer of the hub's, or a chunk, in the same.
void AppendResultsField(std::string_view results, std::string* wire);

// Of the call's path, what is below the API's root: `/chat/completions`. Of a relayed call with its query.
std::string_view PathBelowRoot(const CallState& call);

// Portkey's word for what a call asks for: `chatComplete`, `createSpeech` …; `proxy` where there is none.
std::string_view RequestTypeOf(const CallState& call);

}  // namespace portolan::core
