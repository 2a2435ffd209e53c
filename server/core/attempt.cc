#include "server/core/attempt.h"

#include <algorithm>
#include <utility>

#include "server/core/header_table.h"

namespace portolan::core {
namespace {

constexpr size_t kMaxUrl = 1024;

// What the caller's headers add to those that the gateway sends by itself, which are there already.
void AddCallersHeaders(const AttemptRequest& request, bool raw, upstream::Request* out) {
  auto& headers = out->headers;
  const size_t own = headers.size();
  for (const HeaderView& header : request.caller_headers) {
    const bool goes = GoesUpstream(header.name, request.caller_headers, request.forward_headers);
    const bool of_raw =
        raw && RelaysUpstream(header.name) && !IsHopByHop(request.caller_headers, header.name);
    if (!goes && !of_raw) continue;
    // What the gateway would say by itself is said once, in the caller's words.
    const auto end = headers.begin() + static_cast<ptrdiff_t>(own);
    const auto same =
        std::find_if(headers.begin(), end, [&](const HeaderView& one) { return one.name == header.name; });
    if (same == end) {
      headers.push_back(header);
    } else {
      same->value = header.value;
    }
  }
}

template <typename Headers>
void Remove(std::string_view name, Headers* headers) {
  headers->erase(std::remove_if(headers->begin(), headers->end(),
                                [&](const HeaderView& header) { return header.name == name; }),
                 headers->end());
}

// Last, over the request as it will be sent. `credentials` holds what is added.
providers::Outcome AddCredentials(const AttemptRequest& request, std::vector<HeaderField>* credentials,
                                  upstream::Request* out) {
  const providers::Target& target = request.target;
  auto& headers = out->headers;
  if (!target.api_key.empty()) {
    const providers::SignInput input{out->method,   target.base_url, out->path,
                                     headers,       request.body,    request.facts.unix_seconds,
                                     request.tokens};
    providers::Outcome outcome = target.provider->auth->Apply(input, target, credentials);
    if (!std::holds_alternative<providers::Done>(outcome)) return outcome;
    for (const HeaderField& header : *credentials) {
      // Only what the operator or the caller has listed could bear its name.
      if (!request.forward_headers.empty()) Remove(header.name, &headers);
      headers.push_back({header.name, header.value});
    }
  }
  if (!target.authorization.empty() && !FindHeader(headers, "authorization")) {
    headers.push_back({"authorization", target.authorization.Reveal()});
  }
  return providers::Done();
}

}  // namespace

bool GoesUpstream(std::string_view lower_name, std::span<const HeaderView> caller_headers,
                  std::span<const std::string> forward_headers) {
  const bool named =
      std::find(forward_headers.begin(), forward_headers.end(), lower_name) != forward_headers.end();
  return (named || PassesUpstream(lower_name)) && !IsHopByHop(caller_headers, lower_name);
}

providers::Outcome BeginAttempt(upstream::Client& client, const AttemptRequest& request,
                                std::unique_ptr<upstream::Exchange>* exchange,
                                net::Task<upstream::Failure>* sending) {
  const providers::Target& target = request.target;
  const providers::HttpCall call = providers::Locate(request.form, request.facts, target);

  upstream::Request out;
  const upstream::UrlCache::Entry& url = request.urls.Find(target.base_url);
  if (!url.valid) {
    return Error::InvalidRequest("invalid_custom_host", "the custom host is not usable: " + url.problem,
                                 "x-portolan-custom-host");
  }
  out.origin = target.checks_address ? &url.untrusted : &url.origin;
  out.base_path = url.path;
  out.path = call.path;
  out.method = call.method;
  for (const HeaderField& header : call.headers) out.headers.push_back({header.name, header.value});
  const bool raw = providers::IsRaw(request.form);
  if (!raw) {
    if (!request.body.empty()) out.headers.push_back({"content-type", "application/json"});
    out.headers.push_back(
        {"accept", request.facts.stream ? providers::MediaType(request.form.framing) : "application/json"});
  }
  out.headers.push_back({"user-agent", "portolan/" PORTOLAN_VERSION});
  AddCallersHeaders(request, raw, &out);
  out.body = request.body;
  out.source = request.source;
  out.keep_encoding = raw;
  std::vector<HeaderField> credentials;
  providers::Outcome outcome = AddCredentials(request, &credentials, &out);
  if (std::holds_alternative<providers::Done>(outcome)) {
    *sending = client.Send(out, request.timeouts, request.wait, exchange);
  }
  return outcome;
}

void TellUpstream(const providers::Target& target, const providers::Form& form,
                  const providers::CallFacts& facts, Error* error) {
  if (!target.own_host || target.provider->local != nullptr) return;
  const providers::HttpCall call = providers::Locate(form, facts, target);
  std::string url = target.base_url + call.path.substr(0, call.path.find('?'));
  if (url.size() > kMaxUrl) url.replace(kMaxUrl, std::string::npos, "...");
  error->upstream_method = call.method;
  error->upstream_url = std::move(url);
}

}  // namespace portolan::core
