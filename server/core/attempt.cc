#include "server/core/attempt.h"

#include <utility>

#include "server/core/header_table.h"
#include "server/core/upstream_error.h"

namespace portolan::core {

net::Task<std::optional<Error>> SendAttempt(upstream::Client& client, AttemptRequest request,
                                            std::unique_ptr<upstream::Exchange>* exchange, int* attempts) {
  const providers::Target& target = request.target;
  providers::HttpCall call;
  if (auto error = target.provider->Locate(request.facts, target, &call)) co_return error;

  upstream::Request out;
  std::string problem;
  if (!upstream::ParseUrl(target.base_url, &out.origin, &out.path, &problem)) {
    co_return Error::InvalidRequest("invalid_custom_host", "the custom host is not usable: " + problem,
                                    "x-portolan-custom-host");
  }
  out.origin.untrusted = target.host_from_caller;
  out.path += call.path;
  out.method = call.method;
  out.headers = std::move(call.headers);
  if (!request.body.empty()) out.headers.push_back({"content-type", "application/json"});
  out.headers.push_back({"accept", request.facts.stream ? "text/event-stream" : "application/json"});
  out.headers.push_back({"user-agent", "portolan/" PORTOLAN_VERSION});
  for (const HeaderView& header : request.caller_headers) {
    if (PassesUpstream(header.name))
      out.headers.push_back({std::string(header.name), std::string(header.value)});
  }
  out.body = request.body;

  ++*attempts;
  const upstream::Failure failure = co_await client.Send(out, request.timeouts, request.wait, exchange);
  if (failure.kind == upstream::FailureKind::kForbiddenAddress) --*attempts;
  if (!failure.ok()) co_return ToError(failure, request.wait.scope);
  co_return std::nullopt;
}

}  // namespace portolan::core
