#include "server/core/hook_request.h"

#include <google/protobuf/message.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "server/core/call_hooks.h"
#include "server/core/hook_edits.h"
#include "server/guardrails/view_of.h"

namespace portolan::core {
namespace {

using google::protobuf::Message;
using guardrails::GuardrailList;
using guardrails::View;
using providers::Way;

bool Changes(const GuardrailList& list) {
  return std::any_of(list.begin(), list.end(), [](const auto& guardrail) {
    return std::any_of(guardrail->checks.begin(), guardrail->checks.end(),
                       [](const guardrails::Check& check) { return check.changes(); });
  });
}

// Whether the route's edits are in the words of the door.
bool EditsAreOfDoor(const CallState& call) {
  return call.operation.speaks_hub() || call.operation.relays || call.route.way.kind == Way::Kind::kRelay;
}

std::vector<codec::Edit>& EditsOf(CallState& call) {
  return EditsAreOfDoor(call) ? call.route.edits : call.hook_edits;
}

// All that the request says is one text: where its texts are is not known.
std::optional<Error> GuardObject(CallState& call) {
  const std::string before(call.payload.Text());
  std::string after = before;
  call.hooks->KeepIfWanted(HookPhase::kInput, before, /*is_json=*/true);
  View view = View::OfJson(&after);
  const bool changed = call.hooks->Run(HookPhase::kInput, &view);
  if (auto denial = call.hooks->Denial()) return denial;
  if (changed) AddEdits(*call.operation.request, before, after, &EditsOf(call));
  return std::nullopt;
}

// A request whose type says where its texts are.
std::optional<Error> GuardMessage(CallState& call, const Message& original) {
  CallHooks& hooks = *call.hooks;
  Message* seen = nullptr;
  if (Changes(hooks.Of(HookPhase::kInput))) {
    seen = original.New(&call.arena.get());
    seen->CopyFrom(original);
  } else {
    // A view writes only for checks that change.
    seen = const_cast<Message*>(&original);  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  }
  std::optional<View> view = guardrails::ViewOf(seen);
  if (!view) return GuardObject(call);
  hooks.KeepIfWanted(HookPhase::kInput, original);
  const bool changed = hooks.Run(HookPhase::kInput, &*view);
  if (auto denial = hooks.Denial()) return denial;
  if (!changed) return std::nullopt;
  const codec::MessagePlan& plan = *call.operation.request;
  std::string before;
  std::string after;
  codec::Encode(plan, original, {}, &before);
  codec::Encode(plan, *seen, {}, &after);
  AddEdits(plan, before, after, &EditsOf(call));
  return std::nullopt;
}

}  // namespace

std::optional<Error> GuardRequest(CallState& call, const routing::RouteNode& node) {
  // What is asked for without a body says nothing, and neither does its answer.
  if (!call.operation.has_body && !call.operation.relays) return std::nullopt;
  if (call.hooks_of_call == nullptr) call.hooks_of_call = std::make_shared<CallHooks>(call);
  call.hooks = call.hooks_of_call.get();
  if (call.header_hooks != nullptr) {
    const std::vector<std::string>& more = call.header_hooks->without_effect;
    call.route.ignored.insert(call.route.ignored.end(), more.begin(), more.end());
  }
  CallHooks& hooks = *call.hooks;
  hooks.Begin(node.target.hooks.get());
  if (hooks.Of(HookPhase::kInput).empty() && hooks.Beside(HookPhase::kInput).empty()) return std::nullopt;
  if (call.operation.relays) {
    if (call.relayed == nullptr) return std::nullopt;
    if (call.relays_object) return GuardObject(call);
    hooks.NoteUnreadable(HookPhase::kInput);
    return hooks.Denial();
  }
  if (call.payload.unfit() != nullptr) return GuardObject(call);
  const Message* original = nullptr;
  const auto edits =
      EditsAreOfDoor(call) ? std::span<const codec::Edit>(call.route.edits) : std::span<const codec::Edit>();
  if (auto error = call.payload.ToMessage(edits, &original)) return error;
  return GuardMessage(call, *original);
}

}  // namespace portolan::core
