#include "server/core/translate.h"

#include <google/protobuf/message.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "providers/body_options.h"
#include "providers/fit_body.h"

namespace portolan::core {
namespace {

using google::protobuf::Message;

// The request of a caller of another dialect than the hub's, in the hub's words, with the route's edits.
std::optional<Error> MapToHub(CallState& call, Message** out) {
  const Message* wire = nullptr;
  if (auto error = call.payload.ToMessage(call.hook_edits, &wire)) return error;
  call.facts.request = wire;
  // Every door but the hub's own tells the tokens of each stream.
  call.facts.include_usage = true;
  const OperationSpec& hub = *call.operation.hub;
  *out = hub.request_type->New(&call.arena.get());
  if (auto error = call.operation.form->mapping->RequestToHub(*wire, call.facts, *out, &call.dropped)) {
    return error;
  }
  codec::DecodeError problem;
  if (call.route.edits.empty() || codec::ApplyEdits(*hub.request, call.route.edits, *out, &problem)) {
    return std::nullopt;
  }
  return Error::InvalidRequest("invalid_value", problem.ToString(), problem.path);
}

// What the provider's host wants otherwise in a request in the provider's words.
std::optional<Error> EditBody(const CallState& call, const codec::MessagePlan& plan, Message* wire) {
  const providers::Form& form = *call.route.way.form;
  if (form.body_edits.empty()) return std::nullopt;
  const std::vector<codec::Edit> edits = providers::BodyEdits(form, call.route.target);
  codec::DecodeError problem;
  if (codec::ApplyEdits(plan, edits, wire, &problem)) return std::nullopt;
  return Error::InvalidRequest("invalid_value", problem.ToString(), problem.path);
}

void UseOptions(std::vector<HeaderField> needed, providers::Target* target) {
  for (HeaderField& option : needed) {
    const auto given = std::ranges::find(target->options, option.name, &HeaderField::name);
    if (given == target->options.end()) {
      target->options.push_back(std::move(option));
    } else {
      given->value = std::move(option.value);
    }
  }
}

}  // namespace

std::optional<Error> HubRequest(CallState& call, const Message** out) {
  if (call.operation.speaks_hub()) return call.payload.ToMessage(call.route.edits, out);
  Message* mapped = nullptr;
  std::optional<Error> error = MapToHub(call, &mapped);
  *out = mapped;
  return error;
}

std::optional<Error> TranslateHub(CallState& call, const Message& request) {
  const providers::Form& form = *call.route.way.form;
  if (form.request == nullptr) return std::nullopt;
  call.facts.content_blocks = call.facts.content_blocks || UsesBlocks(request);
  call.facts.base64 = WantsBase64(request);
  call.facts.operation = form.operation;  // chat may serve others: see providers/text_by_chat.h
  Message* const wire = form.request->New(&call.arena.get());
  if (auto error = form.mapping->RequestToWire(request, call.facts, wire, &call.dropped)) return error;
  UseOptions(form.mapping->NeededOptions(*wire), &call.route.target);
  const codec::MessagePlan& plan = *call.config.operations->PlanOf(form).request;
  if (auto error = EditBody(call, plan, wire)) return error;
  codec::Encode(plan, *wire, {.for_upstream = true, .replace_surrogates = true}, &call.request_text);
  call.request_body.assign(1, call.request_text);
  return std::nullopt;
}

std::optional<Error> TranslateToHub(CallState& call) {
  Message* request = nullptr;
  if (auto error = MapToHub(call, &request)) return error;
  if (auto error = EditBody(call, *call.operation.hub->request, request)) return error;
  const providers::Target& target = call.route.target;
  if (auto error = target.dialect->ToNative(call.operation.name, *target.provider, request, &call.dropped)) {
    return error;
  }
  codec::Encode(*call.operation.hub->request, *request, {.for_upstream = true, .replace_surrogates = true},
                &call.request_text);
  call.request_body.push_back(call.request_text);
  return std::nullopt;
}

bool IsOtherWay(const CallState& call) {
  const auto& others = call.route.target.provider->other_ways;
  return std::any_of(others.begin(), others.end(),
                     [&](const providers::OtherWay& other) { return &other.form == call.route.way.form; });
}

std::optional<Error> FitToProvider(CallState& call) {
  const providers::Provider& provider = *call.route.target.provider;
  const providers::BodyFit fit{provider.name, provider.rules};
  // Its rules are for its usual ways, and may be for some of its models.
  if (IsOtherWay(call) || !providers::AnyApplies(fit, call.facts)) return std::nullopt;
  std::string joined;
  std::string_view text = call.request_body.empty() ? std::string_view() : call.request_body.front();
  if (call.request_body.size() > 1) {
    for (const std::string_view piece : call.request_body) joined += piece;
    text = joined;
  }
  std::string fitted;
  if (auto error = providers::FitBody(fit, call.facts, text, &fitted, &call.dropped)) return error;
  if (fitted.empty()) return std::nullopt;
  call.request_text = std::move(fitted);
  call.request_body.assign(1, call.request_text);
  return std::nullopt;
}

}  // namespace portolan::core
