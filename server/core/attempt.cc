#include "server/core/attempt.h"

#include <algorithm>
#include <utility>

#include "server/core/header_table.h"

namespace portolan::core {
namespace {

constexpr size_t kMaxUrl = 1024;

// Whether a header of the gateway's own shows who calls: `x-api-key: KEY`, `authorization: Bearer KEY`.
bool IsCredential(const HeaderView& header, const providers::Target& target) {
  const std::string_view key = target.api_key.Reveal();
  return header.name == "authorization" || (!key.empty() && header.value.ends_with(key));
}

// What the caller's headers add to those that the gateway sends by itself, which are there already.
void AddCallersHeaders(const AttemptRequest& request, upstream::Request* out) {
  auto& headers = out->headers;
  const size_t own = headers.size();
  for (const HeaderView& header : request.caller_headers) {
    if (!GoesUpstream(header.name, request.caller_headers, request.forward_headers)) continue;
    // What the gateway would say by itself is said once, in the caller's words; credentials are its own.
    const auto end = headers.begin() + static_cast<ptrdiff_t>(own);
    const auto same =
        std::find_if(headers.begin(), end, [&](const HeaderView& one) { return one.name == header.name; });
    if (same == end) {
      headers.push_back(header);
    } else if (!IsCredential(*same, request.target)) {
      same->value = header.value;
    }
  }
}

}  // namespace

bool GoesUpstream(std::string_view lower_name, std::span<const HeaderView> caller_headers,
                  std::span<const std::string> forward_headers) {
  const bool named =
      std::find(forward_headers.begin(), forward_headers.end(), lower_name) != forward_headers.end();
  return (named || PassesUpstream(lower_name)) && !IsHopByHop(caller_headers, lower_name);
}

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
  if (!target.authorization.empty() && !FindHeader(out.headers, "authorization")) {
    out.headers.push_back({"authorization", target.authorization.Reveal()});
  }
  if (!request.body.empty()) out.headers.push_back({"content-type", "application/json"});
  out.headers.push_back({"accept", request.facts.stream ? "text/event-stream" : "application/json"});
  out.headers.push_back({"user-agent", "portolan/" PORTOLAN_VERSION});
  AddCallersHeaders(request, &out);
  out.body = request.body;

  *sending = client.Send(out, request.timeouts, request.wait, exchange);
  return std::nullopt;
}

void TellUpstream(const providers::Target& target, const providers::CallFacts& facts, Error* error) {
  if (!target.own_host || target.provider->local() != nullptr) return;
  providers::HttpCall call;
  if (target.provider->Locate(facts, target, &call)) return;
  std::string url = target.base_url + call.path.substr(0, call.path.find('?'));
  if (url.size() > kMaxUrl) url.replace(kMaxUrl, std::string::npos, "...");
  error->upstream_method = call.method;
  error->upstream_url = std::move(url);
}

}  // namespace portolan::core
