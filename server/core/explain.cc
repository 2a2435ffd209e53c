#include "server/core/explain.h"

#include <google/protobuf/message.h>

#include <utility>

#include "portolan/v1/explanation.pb.h"
#include "server/routing/explain.h"

namespace portolan::core {
namespace {

constexpr size_t kMaxHeaderBytes = 4096;

Error NoRequest() {
  return Error::InvalidRequest(
      "invalid_value", "the request to explain is missing: set chat, completion, embedding, or request",
      "request");
}

std::string ToJson(const CallState& call, const v1::Explanation& explanation) {
  std::string json;
  codec::Encode(*call.config.operations->codec().Find(v1::Explanation::descriptor()), explanation,
                {.composed = true}, &json);
  return json;
}

routing::CallWideHooks HooksOf(const CallState& call) {
  routing::CallWideHooks hooks;
  hooks.middleware = call.snapshot->default_middleware;
  hooks.headers = call.header_hooks.get();
  hooks.gateway = call.snapshot->default_hooks.get();
  if (const routing::Caller* const caller = call.credentials.caller) {
    hooks.caller = caller->hooks.get();
    hooks.middleware.insert(hooks.middleware.end(), caller->middleware.begin(), caller->middleware.end());
  }
  return hooks;
}

void Fill(const CallState& call, v1::Explanation* out) {
  if (!call.named_route.empty()) {
    out->set_route(std::string(call.named_route));
    out->set_route_reason(std::string(call.named_reason));
  }
  if (call.outcome.error && call.outcome.error->limit) {
    const TimeLimit& limit = *call.outcome.error->limit;
    out->mutable_limit()->set_name(std::string(limit.name));
    out->mutable_limit()->set_owner(std::string(limit.owner));
    out->mutable_limit()->set_ms(limit.length.count());
  }
  routing::ExplainRoute(call.snapshot->routing, *call.route_request, *call.plan, *call.engine, HooksOf(call),
                        out);
}

}  // namespace

std::optional<Error> UnwrapExplain(const Operations& operations, Inbound* inbound) {
  auto& request = static_cast<v1::ExplainRequest&>(*inbound->message);
  switch (request.typed_case()) {
    case v1::ExplainRequest::kChat:
      inbound->operation = operations.Hub(providers::operation::kChat);
      inbound->message = request.mutable_chat();
      return std::nullopt;
    case v1::ExplainRequest::kCompletion:
      inbound->operation = operations.Hub(providers::operation::kCompletion);
      inbound->message = request.mutable_completion();
      return std::nullopt;
    case v1::ExplainRequest::kEmbedding:
      inbound->operation = operations.Hub(providers::operation::kEmbedding);
      inbound->message = request.mutable_embedding();
      return std::nullopt;
    case v1::ExplainRequest::TYPED_NOT_SET:
      break;
  }
  if (!request.has_request()) return NoRequest();
  const std::string name = request.has_operation() ? request.operation() : "chat";
  for (const std::string_view operation :
       {providers::operation::kChat, providers::operation::kCompletion, providers::operation::kEmbedding}) {
    if (name != operation) continue;
    inbound->operation = operations.Hub(operation);
    inbound->message = nullptr;
    inbound->json = std::move(*request.mutable_request());
    return std::nullopt;
  }
  return Error::InvalidRequest("invalid_value", "operation: must be chat, completion or embedding",
                               "operation");
}

net::Task<void> ReplyExplanation(CallState& call) {
  call.engine->Explain();
  call.engine->Start();
  v1::Explanation explanation;
  Fill(call, &explanation);
  call.outcome.status = 200;
  ReplyHead head = MakeHead(call, 200, nullptr);
  bool delivered = false;
  if (call.sink.typed()) {
    const std::string wire = explanation.SerializeAsString();
    delivered = co_await call.sink.SendMessage(std::move(head), wire);
  } else {
    const std::string json = ToJson(call, explanation);
    call.outcome.reply_bytes = json.size();
    const std::string_view piece = json;
    delivered = co_await call.sink.SendJson(std::move(head), {&piece, 1});
  }
  if (!delivered) call.outcome.status = 499;
}

std::string ExplanationHeader(const CallState& call) {
  v1::Explanation explanation;
  Fill(call, &explanation);
  std::string json = ToJson(call, explanation);
  if (json.size() > kMaxHeaderBytes) {
    explanation.clear_candidates();
    json = ToJson(call, explanation);
  }
  while (json.size() > kMaxHeaderBytes && explanation.decisions_size() > 0) {
    explanation.mutable_decisions()->DeleteSubrange(0, 1);
    json = ToJson(call, explanation);
  }
  return json;
}

}  // namespace portolan::core
