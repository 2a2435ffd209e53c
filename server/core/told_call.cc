#include "server/core/told_call.h"

#include <algorithm>
#include <utility>

#include "server/core/call_hooks.h"
#include "server/core/call_state.h"

namespace portolan::core {
namespace {

// Without the query.
std::string_view PathOf(const CallState& call) {
  const std::string_view path = PathBelowRoot(call);
  return path.substr(0, path.find('?'));
}

}  // namespace

ToldCall::ToldCall(const CallState& call, const middleware::Settings& settings, middleware::Notes notes)
    : request_id_(call.in.request_id),
      trace_id_(call.trace_id),
      caller_(call.credentials.caller == nullptr ? std::string_view() : call.credentials.caller->name),
      route_(call.named_route),
      target_(call.route.index),
      provider_(call.route.target.provider == nullptr ? std::string_view()
                                                      : std::string_view(call.route.target.provider->name)),
      operation_(call.operation.relays ? std::string_view("raw") : std::string_view(call.operation.name)),
      path_(PathOf(call)),
      metadata_(call.headers.metadata),
      notes_(std::move(notes)),
      attempt_(call.route.target.provider == nullptr ? 0 : static_cast<uint32_t>(call.outcome.attempts) + 1),
      streams_(call.facts.stream) {
  if (call.route.target.provider != nullptr) {
    model_ = call.route.model;
  } else if (call.route_request) {
    model_ = call.route_request->model;
  }
  for (const HeaderView& header : call.in.headers) {
    if (std::find(settings.headers.begin(), settings.headers.end(), header.name) != settings.headers.end())
      headers_.push_back({std::string(header.name), std::string(header.value)});
  }
  // Moving the vector moves no header.
  for (const HeaderField& header : headers_) header_views_.push_back({header.name, header.value});
  if (call.wait.deadline != net::kNever) {
    remaining_ = std::max(call.wait.deadline - call.shard.loop->now(), net::Duration::zero());
  }
}

middleware::CallInfo ToldCall::View() const {
  middleware::CallInfo info;
  info.request_id = request_id_;
  info.trace_id = trace_id_;
  info.caller = caller_;
  info.route = route_;
  info.target = target_;
  info.provider = provider_;
  info.model = model_;
  info.operation = operation_;
  info.path = path_;
  info.metadata = metadata_;
  info.headers = header_views_;
  info.remaining = remaining_;
  info.notes = &notes_;
  info.attempt = attempt_;
  info.streams = streams_;
  return info;
}

middleware::Usage UsageOf(const CallState& call) {
  const providers::TokenUsage& usage = call.outcome.usage;
  return {usage.input, usage.output, usage.cached, usage.reasoning};
}

}  // namespace portolan::core
