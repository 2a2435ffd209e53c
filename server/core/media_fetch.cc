#include "server/core/media_fetch.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/escaping.h"
#include "providers/dialects/common/media.h"
#include "server/base/text.h"
#include "server/base/url_origin.h"
#include "server/core/call_steps.h"
#include "server/core/upstream_error.h"

namespace portolan::core {
namespace {

using providers::MediaReference;
using upstream::FailureKind;

// `to` as a Location of RFC 9110, section 10.2.2, has it; empty: not understood.
std::string Redirected(std::string_view from, std::string_view to) {
  if (to.starts_with("http://") || to.starts_with("https://")) return std::string(to);
  if (to.starts_with("//")) return std::string(from.substr(0, from.find(':') + 1)).append(to);
  if (to.starts_with('/')) return std::string(OriginOf(from)).append(to);
  return {};
}

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

Error Unavailable(const MediaReference& media, std::string_view why) {
  return Error::InvalidRequest("media_unavailable",
                               media.path + ": what is at this URL cannot be had: " + std::string(why),
                               media.path);
}

// `image/png` of `Image/PNG; q=1`; what the URL's name tells where that tells nothing.
std::string TypeOf(const upstream::Exchange& exchange, std::string_view url) {
  const std::string_view told = FindHeader(exchange.headers(), "content-type").value_or("");
  std::string type = LowerCase(TrimBlanks(told.substr(0, told.find(';'))));
  const bool good = std::all_of(type.begin(), type.end(), [](char c) {
    return IsLetterOrDigit(c) || c == '/' || c == '.' || c == '-' || c == '+';
  });
  constexpr std::string_view kAnything = "application/octet-stream";
  if (good && type.find('/') != std::string::npos && type != kAnything) return type;
  const std::string_view named = providers::MediaTypeOfName(url);
  return std::string(named.empty() ? kAnything : named);
}

// The request as one text; `joined` holds it where it is in pieces.
std::string_view TextOf(const CallState& call, std::string* joined) {
  if (call.request_body.size() == 1) return call.request_body.front();
  for (const std::string_view piece : call.request_body) joined->append(piece);
  return *joined;
}

bool IsTooLarge(const upstream::Exchange& exchange, size_t limit) {
  const std::string_view told = FindHeader(exchange.headers(), "content-length").value_or("");
  size_t length = 0;
  std::from_chars(told.data(), told.data() + told.size(), length);
  return length > limit;
}

class Fetch {
 public:
  Fetch(CallState& call, const MediaReference& media, size_t limit)
      : call_(call),
        media_(media),
        limit_(limit),
        wait_{std::min(call.attempt_wait.deadline, call.shard.loop->UpdateNow() + kMediaTime),
              call.attempt_wait.scope} {}

  net::Task<std::optional<Error>> Run(std::string* data_url) {
    std::string url = media_.url;
    for (int hops = 0; hops <= kMaxMediaRedirects; ++hops) {
      std::unique_ptr<upstream::Exchange> exchange;
      std::optional<Error> error = co_await Ask(url, &exchange);
      if (error) co_return error;
      if (!IsRedirect(exchange->status())) co_return co_await Take(*exchange, data_url);
      url = Redirected(url, FindHeader(exchange->headers(), "location").value_or(""));
      if (url.empty()) co_return Unavailable(media_, "it leads to a place that is no URL");
    }
    co_return Unavailable(media_, "it leads from one place to the next");
  }

 private:
  net::Task<std::optional<Error>> Ask(const std::string& url, std::unique_ptr<upstream::Exchange>* exchange) {
    upstream::Origin origin;
    std::string target;
    std::string problem;
    if (!upstream::ParseRequestUrl(url, &origin, &target, &problem)) co_return Unavailable(media_, problem);
    origin.untrusted = true;
    upstream::Request request;
    request.origin = &origin;
    request.method = "GET";
    request.path = target;
    request.headers.push_back({"accept", "*/*"});
    request.headers.push_back({"user-agent", "portolan/" PORTOLAN_VERSION});
    const upstream::Failure failure =
        co_await call_.shard.client->Send(request, call_.snapshot->timeouts, wait_, exchange);
    if (failure.ok()) co_return std::nullopt;
    co_return ToMediaError(failure);
  }

  net::Task<std::optional<Error>> Take(upstream::Exchange& exchange, std::string* data_url) {
    if (exchange.status() != 200) {
      co_return Unavailable(media_, "its server answers with status " + std::to_string(exchange.status()));
    }
    if (IsTooLarge(exchange, limit_)) {
      co_return Unavailable(media_, "it is larger than " + std::to_string(limit_) + " bytes");
    }
    std::string bytes;
    const upstream::Failure failure = co_await exchange.ReadAll(limit_, &bytes, wait_);
    if (!failure.ok()) co_return ToMediaError(failure);
    *data_url = "data:" + TypeOf(exchange, media_.url) + ";base64," + absl::Base64Escape(bytes);
    co_return std::nullopt;
  }

  Error ToMediaError(const upstream::Failure& failure) {
    const bool ends_call =
        failure.kind == FailureKind::kCancelled ||
        (failure.kind == FailureKind::kDeadline && wait_.deadline == call_.attempt_wait.deadline);
    if (ends_call || failure.kind == FailureKind::kForbiddenAddress) {
      Error error = ToError(call_, failure, wait_);
      if (error.param.empty()) error.param = media_.path;
      return error;
    }
    if (failure.kind == FailureKind::kDeadline) {
      return Unavailable(media_, "it did not come within " + std::to_string(kMediaTime.count()) + " s");
    }
    return Unavailable(media_, failure.message);
  }

  CallState& call_;
  const MediaReference& media_;
  const size_t limit_;
  const net::Wait wait_;
};

}  // namespace

std::vector<MediaReference> MediaOfRequest(const CallState& call, const providers::BodyMedia& body) {
  std::string joined;
  return body.find(TextOf(call, &joined));
}

std::optional<Error> PutMedia(CallState& call, const providers::BodyMedia& body) {
  std::string joined;
  std::string text;
  if (auto error = body.put(call.media, TextOf(call, &joined), &text)) return error;
  call.request_text = std::move(text);
  call.request_body.assign(1, call.request_text);
  return std::nullopt;
}

net::Task<std::optional<Error>> FetchMedia(CallState& call, std::vector<MediaReference> wanted) {
  size_t all = 0;
  for (const auto& [url, data] : call.media) all += data.size();
  for (const MediaReference& media : wanted) {
    if (call.media.contains(media.url)) continue;
    if (call.media.size() >= kMaxMedia) {
      co_return Unavailable(media, "at most " + std::to_string(kMaxMedia) + " are fetched for a request");
    }
    if (all >= kMaxAllMediaBytes)
      co_return Unavailable(media, "all before it are " + std::to_string(all) + " bytes");
    const net::TimePoint begun = call.shard.loop->UpdateNow();
    std::string data;
    Fetch fetch(call, media, std::min(kMaxMediaBytes, kMaxAllMediaBytes - all));
    std::optional<Error> error = co_await fetch.Run(&data);
    if (call.tells_steps) TellMedia(call, media.path, data.size(), call.shard.loop->UpdateNow() - begun);
    if (error) co_return error;
    all += data.size();
    call.media.emplace(media.url, std::move(data));
  }
  co_return std::nullopt;
}

}  // namespace portolan::core
