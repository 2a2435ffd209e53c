#include "server/core/upstream_answer.h"

#include <google/protobuf/message.h>

#include <utility>

#include "providers/classify.h"
#include "server/core/answer_form.h"
#include "server/core/error_body.h"
#include "server/core/upstream_error.h"

namespace portolan::core {

using google::protobuf::Message;
using providers::Shape;

Error InvalidAnswer(std::string message) {
  Error error;
  error.error_class = ErrorClass::kProvider;
  error.http_status = 502;
  error.code = "upstream_invalid_answer";
  error.message = std::move(message);
  error.retryable = true;
  error.transport = true;
  return error;
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
  return target.provider->Classify(providers::StatusInError(body, 502), exchange.headers(), body, target);
}

std::string_view UntouchedError(const CallState& call, std::string_view body) {
  const Shape shape = call.route.target.provider->shape(call.operation.operation);
  return shape.kind == Shape::Kind::kHub && IsOpenAiError(body) ? body : std::string_view();
}

namespace {

std::optional<Error> Translate(CallState& call, const providers::Translator& translator,
                               std::string_view body, Message* hub) {
  Message* const answer = translator.response_type()->New(&call.arena.get());
  const codec::MessagePlan& plan = *call.config.operations->codec().Find(answer->GetDescriptor());
  codec::DecodeError problem;
  if (!codec::Decode(plan, body, kAnswerDecoding, answer, &problem)) return NotUnderstood(problem);
  return translator.DecodeResponse(*answer, call.facts, hub);
}

bool SaysAnError(std::string_view body) {
  TokenUsage usage;
  ChoiceTracker choices;
  return ScanAnswer(body, &usage, &choices).has_error;
}

}  // namespace

std::optional<Error> TypeAnswer(CallState& call, const upstream::Exchange& exchange, std::string_view body,
                                const Message** out) {
  const Shape shape = call.route.target.provider->shape(call.operation.operation);
  Message* const hub = call.operation.response_type->New(&call.arena.get());
  *out = hub;
  if (shape.kind != Shape::Kind::kTranslated) {
    codec::DecodeError problem;
    if (codec::Decode(*call.operation.response, body, kAnswerDecoding, hub, &problem)) return std::nullopt;
    return NotUnderstood(problem);
  }
  std::optional<Error> error = Translate(call, *shape.translator, body, hub);
  // An error in no shape of its dialect: what the provider says goes before what the gateway makes of it.
  if (error && error->code == "upstream_invalid_answer" && SaysAnError(body)) {
    return ErrorInAnswer(call, exchange, body);
  }
  return error;
}

std::unique_ptr<StreamPipeline> NewPipeline(CallState& call, bool typed) {
  const Shape shape = call.route.target.provider->shape(call.operation.operation);
  if (shape.kind != Shape::Kind::kTranslated) {
    return NewHubStream(call.operation, call.route.target, typed, call.hides_usage);
  }
  const codec::MessagePlan* events =
      call.config.operations->codec().Find(shape.translator->event_type()->GetDescriptor());
  return NewTranslatedStream(call.operation, *shape.translator, *events, call.facts, typed);
}

}  // namespace portolan::core
