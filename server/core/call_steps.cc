#include "server/core/call_steps.h"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

#include "server/base/url_origin.h"
#include "server/core/attempt.h"
#include "server/core/header_table.h"
#include "server/routing/explain.h"

namespace portolan::core {
namespace {

// A list of names, as long as a line of the log has room for.
class NameList {
 public:
  void Add(std::string_view name) {
    constexpr size_t kMaxBytes = 1000;
    if (cut_) return;
    cut_ = text_.size() + name.size() + 2 > kMaxBytes;
    if (!text_.empty()) text_ += ", ";
    text_ += cut_ ? std::string_view("...") : name;
  }
  std::string_view text() const { return text_; }

 private:
  std::string text_;
  bool cut_ = false;
};

void Tell(const CallState& call, std::string_view step, std::initializer_list<StepMember> members) {
  call.shard.observer->OnStep(call.in.request_id, step, members);
}

// What the engine has decided since the last attempt; before the first one, also why the call is on its
// route.
std::string Why(CallState& call) {
  std::string why;
  const auto add = [&why](std::string_view part) {
    if (part.empty()) return;
    if (!why.empty()) why += "; ";
    why += part;
  };
  if (call.tried.empty()) add(call.named_reason);
  const auto& decisions = call.engine->decisions();
  for (; call.steps_told < decisions.size(); ++call.steps_told) {
    const routing::Decision& decision = decisions[call.steps_told];
    add(decision.node->path + ": " + decision.what);
  }
  add(call.route.why);
  return why;
}

// Headers by which the caller speaks to the gateway itself: they are read here and were meant to stay.
bool IsForTheGateway(std::string_view name) {
  return routing::TakeGatewayPrefix(&name) || name == "authorization" || name == "x-api-key" ||
         name == "x-request-id";
}

bool IsOption(const providers::Target& target, std::string_view header) {
  return std::any_of(target.options.begin(), target.options.end(),
                     [&](const HeaderField& option) { return routing::NameMatches(option.name, header); });
}

}  // namespace

void TellTarget(CallState& call, const routing::RouteNode& node) {
  const providers::Target& target = call.route.target;
  const std::string why = Why(call);
  const bool known = target.provider != nullptr;
  Tell(call, "target",
       {{"attempt", call.outcome.attempts + 1},
        {"config", call.named_route},
        {"option", call.route.index},
        {"provider", known ? std::string_view(target.provider->name) : std::string_view()},
        {"model", call.route.model},
        {"target", OriginOf(target.base_url)},
        {"key", known ? routing::KeySource(node.target, target) : std::string_view()},
        {"why", why}});
}

void TellRequest(CallState& call, bool goes_out) {
  NameList edits;
  for (const codec::Edit& edit : call.route.edits) {
    edits.Add(edit.kind == codec::Edit::Kind::kRemove ? "-" + edit.name : edit.name);
  }
  NameList dropped;
  for (const std::string& member : call.dropped) dropped.Add(member);
  NameList stay;
  for (const HeaderView& header : call.in.headers) {
    if (!goes_out || IsForTheGateway(header.name) || IsOption(call.route.target, header.name)) continue;
    if (!GoesUpstream(header.name, call.in.headers, call.route.forward_headers)) stay.Add(header.name);
  }
  Tell(call, "request",
       {{"edits", edits.text()}, {"dropped", dropped.text()}, {"headers_dropped", stay.text()}});
}

void TellConnection(CallState& call, const upstream::Failure& failure) {
  const std::string_view was = failure.kept ? "kept" : failure.resent ? "new, after a kept one died" : "new";
  if (failure.ok()) {
    Tell(call, "connection", {{"connection", was}, {"upstream_status", call.exchange->status()}});
  } else {
    Tell(call, "connection", {{"connection", was}});
  }
}

void TellAnswerHeaders(CallState& call, const upstream::Exchange& exchange) {
  NameList stay;
  for (const HeaderView& header : exchange.headers()) {
    const bool passes = PassesDownstream(header.name) && !IsHopByHop(exchange.headers(), header.name);
    if (!passes && !IsUpstreamRequestId(header.name)) stay.Add(header.name);
  }
  if (!stay.text().empty()) Tell(call, "answer_headers", {{"headers_dropped", stay.text()}});
}

void TellFailure(CallState& call) {
  const Error& error = call.failure->error;
  Tell(call, "failed",
       {{"option", call.route.index},
        {"status", error.http_status},
        {"error_class", ToString(error.error_class)},
        {"error_code", error.code}});
}

void TellMedia(CallState& call, std::string_view path, size_t bytes, net::Duration waited) {
  const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(waited);
  Tell(call, "media", {{"member", path}, {"bytes", static_cast<int64_t>(bytes)}, {"wait_ms", wait.count()}});
}

void TellWait(CallState& call, std::chrono::milliseconds delay) {
  Tell(call, "wait", {{"wait_ms", delay.count()}, {"option", call.route.index}});
}

}  // namespace portolan::core
