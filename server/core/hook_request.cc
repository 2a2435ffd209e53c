#include "server/core/hook_request.h"

#include <google/protobuf/message.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/codec/splice.h"
#include "server/core/call_extras.h"
#include "server/core/call_hooks.h"
#include "server/core/hook_body.h"
#include "server/core/hook_edits.h"
#include "server/guardrails/view_of.h"

namespace portolan::core {
namespace {

using google::protobuf::Message;
using guardrails::GuardrailList;
using guardrails::View;

bool Changes(const GuardrailList& list) {
  return std::any_of(list.begin(), list.end(), [](const auto& guardrail) { return guardrail->changes(); });
}

// The request's text without what it says to the gateway alone.
std::string ObjectOf(CallState& call) {
  const std::string_view text = call.payload.Text();
  const codec::MessagePlan& plan = *call.operation.request;
  std::vector<codec::MemberSpan> spans;
  codec::DecodeError problem;
  const codec::DecodeOptions options{.strictness = codec::Strictness::kResponse, .spans = &spans};
  if (!call.has_own_member || !codec::Decode(plan, text, options, nullptr, &problem))
    return std::string(text);
  const codec::Edit edit{codec::Edit::Kind::kRemove, "portolan", {}};
  codec::GatherList pieces;
  codec::Splice(text, spans, {&edit, 1}, plan, &pieces);
  std::string out;
  for (const std::string_view piece : pieces) out += piece;
  return out;
}

// All that the request says is one text: where its texts are is not known.
net::Task<std::optional<Error>> GuardObject(CallState& call) {
  CallHooks& hooks = *call.hooks;
  const std::string before = ObjectOf(call);
  std::string after = before;
  hooks.KeepIfWanted(HookPhase::kInput, before, /*is_json=*/true);
  View view = View::OfJson(&after);
  TextBody body(&after, /*is_json=*/true);
  const bool changed = co_await hooks.Run(HookPhase::kInput, &view, &body);
  if (auto denial = hooks.Denial()) co_return denial;
  if (changed) AddRequestEdits(*call.operation.request, before, after, &RequestEdits(call));
  if (hooks.TellsRequest()) hooks.KeepRequest(body, view);
  co_return std::nullopt;
}

// A request whose type says where its texts are.
net::Task<std::optional<Error>> GuardMessage(CallState& call, const Message& original) {
  CallHooks& hooks = *call.hooks;
  const codec::MessagePlan& plan = *call.operation.request;
  Message* seen = nullptr;
  if (Changes(hooks.Of(HookPhase::kInput))) {
    seen = original.New(&call.arena.get());
    seen->CopyFrom(original);
  } else {
    // A view writes only for checks that change.
    seen = const_cast<Message*>(&original);  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  }
  std::optional<View> view = guardrails::ViewOf(seen);
  if (!view) co_return co_await GuardObject(call);
  hooks.KeepIfWanted(HookPhase::kInput, plan, original);
  MessageBody body(plan, codec::Strictness::kRequest, seen);
  const bool changed = co_await hooks.Run(HookPhase::kInput, &*view, &body);
  if (auto denial = hooks.Denial()) co_return denial;
  if (hooks.TellsRequest()) hooks.KeepRequest(body, *view);
  if (!changed) co_return std::nullopt;
  std::string before;
  std::string after;
  codec::Encode(plan, original, {}, &before);
  codec::Encode(plan, *seen, {}, &after);
  AddRequestEdits(plan, before, after, &RequestEdits(call));
  co_return std::nullopt;
}

}  // namespace

net::Task<std::optional<Error>> GuardRequest(CallState& call, const routing::RouteNode& node) {
  // What is asked for without a body says nothing, and neither does its answer.
  if (!call.operation.has_body && !call.operation.relays) co_return std::nullopt;
  CallExtras& extras = ExtrasOf(call);
  if (extras.hooks == nullptr) extras.hooks = std::make_shared<CallHooks>(call);
  call.hooks = extras.hooks.get();
  if (call.header_hooks != nullptr) {
    const std::vector<std::string>& more = call.header_hooks->without_effect;
    call.route.ignored.insert(call.route.ignored.end(), more.begin(), more.end());
  }
  CallHooks& hooks = *call.hooks;
  hooks.Begin(node.target.hooks.get());
  const bool looks = !hooks.Of(HookPhase::kInput).empty() || !hooks.Beside(HookPhase::kInput).empty();
  if (!looks && !hooks.TellsRequest()) co_return std::nullopt;
  if (call.operation.relays) {
    if (call.relayed == nullptr) co_return std::nullopt;
    if (call.relays_object) co_return co_await GuardObject(call);
    hooks.NoteUnreadable(HookPhase::kInput);
    co_return hooks.Denial();
  }
  if (call.payload.unfit() != nullptr) co_return co_await GuardObject(call);
  const Message* original = nullptr;
  if (auto error = call.payload.ToMessage(RequestEdits(call), &original)) co_return error;
  co_return co_await GuardMessage(call, *original);
}

}  // namespace portolan::core
