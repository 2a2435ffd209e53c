#include "server/core/upstream_answer.h"

#include <google/protobuf/message.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "providers/classify.h"
#include "server/core/answer_form.h"
#include "server/core/aws_payload.h"
#include "server/core/error_body.h"
#include "server/core/upstream_error.h"
#include "server/core/vector_form.h"

namespace portolan::core {

using google::protobuf::Message;
using providers::Way;

Error InvalidAnswer(std::string message) {
  return providers::BrokenAnswer("upstream_invalid_answer", std::move(message));
}

Error NotUnderstood(const codec::DecodeError& problem) {
  return InvalidAnswer("the provider's answer cannot be understood: " + problem.ToString());
}

std::string_view WithoutMark(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return text;
}

net::Task<Body> ReadBody(const CallState& call, upstream::Exchange& exchange, size_t limit,
                         std::string* held) {
  if (const auto whole = exchange.TakeWhole()) co_return Body{WithoutMark(*whole), std::nullopt};
  const upstream::Failure failure = co_await exchange.ReadAll(limit, held, call.attempt_wait);
  if (failure.ok()) co_return Body{WithoutMark(*held), std::nullopt};
  co_return Body{{}, ToError(call, failure, call.attempt_wait)};
}

Error ErrorInAnswer(const CallState& call, const upstream::Exchange& exchange, std::string_view body) {
  const providers::Target& target = call.route.target;
  return target.dialect->ReadError(providers::StatusInError(body, 502), exchange.headers(), body, target);
}

std::string_view UntouchedError(const CallState& call, std::string_view body) {
  const bool relayed = call.route.way.kind == Way::Kind::kRelay;
  return relayed && call.operation.door().IsError(body) ? body : std::string_view();
}

namespace {

// What a header says in digits; -1: nothing.
int64_t CountIn(std::span<const HeaderView> headers, std::string_view name) {
  const std::string_view text = FindHeader(headers, name).value_or("");
  int64_t count = -1;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), count);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() ? std::max<int64_t>(count, -1) : -1;
}

std::optional<Error> Translate(CallState& call, const upstream::Exchange& exchange, const FormPlan& plan,
                               std::string_view body, Message* hub) {
  const providers::Form& form = *call.route.way.form;
  if (const std::string_view header = form.accounting.input_header; !header.empty()) {
    call.facts.input_tokens = CountIn(exchange.headers(), header);
  }
  Message* const answer = form.answer->New(&call.arena.get());
  codec::DecodeError problem;
  if (!codec::Decode(*plan.answer, body, kAnswerDecoding, answer, &problem)) return NotUnderstood(problem);
  std::optional<Error> error = form.mapping->AnswerToHub(*answer, call.facts, hub);
  if (error) providers::ClassifyRefusedKey(call.route.target, &*error);
  return error;
}

}  // namespace

std::optional<Error> TypeAnswer(CallState& call, const upstream::Exchange& exchange, std::string_view body,
                                const Message** out) {
  const OperationSpec& spec = *call.operation.hub;
  const FormPlan& plan = call.config.operations->PlanOf(*call.route.way.form);
  Message* const hub = spec.response_type->New(&call.arena.get());
  *out = hub;
  if (call.route.way.form->mapping != nullptr) {
    std::optional<Error> error = Translate(call, exchange, plan, body, hub);
    // An error in no shape of its dialect: what the provider says goes before what the gateway makes of it.
    if (error && error->code == "upstream_invalid_answer" && Scanner(plan.scan).ScanWhole(body).has_error) {
      return ErrorInAnswer(call, exchange, body);
    }
    return error;
  }
  Scanner scanner(plan.scan);
  const ScanResult scan = scanner.ScanWhole(body);
  if (scan.has_error) return ErrorInAnswer(call, exchange, body);
  codec::DecodeError problem;
  if (!codec::Decode(*spec.response, body, kAnswerDecoding, hub, &problem)) return NotUnderstood(problem);
  WriteVectorsAsAsked(call, hub);
  return std::nullopt;
}

std::unique_ptr<StreamPipeline> NewPipeline(CallState& call, bool typed) {
  const bool relayed = call.route.way.kind == Way::Kind::kRelay && (call.operation.speaks_hub() || !typed);
  const providers::Form& form = *call.route.way.form;
  std::unique_ptr<StreamPipeline> pipeline =
      relayed
          ? NewRelayStream(call.operation, call.route.target, typed, call.hides_usage)
          : NewMappedStream(call.operation, {form, call.config.operations->PlanOf(form), call.route.target},
                            call.facts, typed);
  if (form.framing == providers::Framing::kAwsPayload) return UnwrapAwsPayload(std::move(pipeline));
  return pipeline;
}

}  // namespace portolan::core
