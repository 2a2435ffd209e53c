#include "server/core/attempt.h"

#include <algorithm>
#include <utility>

#include "server/core/header_table.h"

namespace portolan::core {

std::optional<Error> BeginAttempt(upstream::Client& client, const AttemptRequest& request,
                                  std::unique_ptr<upstream::Exchange>* exchange,
                                  net::Task<upstream::Failure>* sending) {
  const providers::Target& target = request.target;
  providers::HttpCall call;
  if (auto error = target.provider->Locate(request.facts, target, &call)) return error;

  upstream::Request out;
  const upstream::UrlCache::Entry& url = request.urls.Find(target.base_url);
  if (!url.valid) {
    return Error::InvalidRequest("invalid_custom_host", "the custom host is not usable: " + url.problem,
                                 "x-portolan-custom-host");
  }
  out.origin = target.host_from_caller && !target.host_trusted ? &url.untrusted : &url.origin;
  out.base_path = url.path;
  out.path = call.path;
  out.method = call.method;
  for (const HeaderField& header : call.headers) out.headers.push_back({header.name, header.value});
  if (!request.body.empty()) out.headers.push_back({"content-type", "application/json"});
  out.headers.push_back({"accept", request.facts.stream ? "text/event-stream" : "application/json"});
  out.headers.push_back({"user-agent", "portolan/" PORTOLAN_VERSION});
  const size_t own = out.headers.size();
  for (const HeaderView& header : request.caller_headers) {
    const auto& also = request.forward_headers;
    const bool named = std::find(also.begin(), also.end(), header.name) != also.end();
    if (!named && !PassesUpstream(header.name)) continue;
    if (IsHopByHop(request.caller_headers, header.name)) continue;
    // What the gateway would say by itself is said once, in the caller's words.
    const auto end = out.headers.begin() + static_cast<ptrdiff_t>(own);
    const auto same = std::find_if(out.headers.begin(), end,
                                   [&](const HeaderView& one) { return one.name == header.name; });
    if (same != end) {
      same->value = header.value;
    } else {
      out.headers.push_back(header);
    }
  }
  out.body = request.body;

  *sending = client.Send(out, request.timeouts, request.wait, exchange);
  return std::nullopt;
}

}  // namespace portolan::core
