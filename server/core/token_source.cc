#include "server/core/token_source.h"

#include <sys/stat.h>

#include <utility>

#include "providers/path.h"
#include "server/base/text.h"
#include "server/base/text_file.h"
#include "server/base/url_origin.h"
#include "server/core/waiting_place.h"

namespace portolan::core {
namespace {

using Fetched = std::variant<providers::Token, TokenFailure>;
using upstream::FailureKind;

TokenFailure Unavailable(const providers::Need& need, std::string_view why, bool late = false) {
  return {late ? 504 : 502, need.what + " cannot be had: " + std::string(why)};
}

bool IsLate(FailureKind kind) {
  return kind == FailureKind::kConnectTimeout || kind == FailureKind::kFirstByteTimeout ||
         kind == FailureKind::kIdleTimeout || kind == FailureKind::kDeadline;
}

TokenFailure Unanswered(const providers::Need& need, const upstream::Failure& failure) {
  if (failure.kind != FailureKind::kDeadline) {
    const std::string_view origin = OriginOf(need.url);
    const std::string_view host = origin.substr(origin.find("://") + 3);
    // A connection that is over has no name.
    const bool named = failure.message.find(host) != std::string::npos;
    const std::string why = named ? failure.message : std::string(origin) + ": " + failure.message;
    return Unavailable(need, why, IsLate(failure.kind));
  }
  const auto limit = std::to_string(TokenSource::kFetchTime.count());
  return Unavailable(need, std::string(OriginOf(need.url)) + " has not answered within " + limit + " s",
                     true);
}

// Whether what the need's file holds goes as a header.
bool IsHeader(const providers::Need& need) { return need.method == "GET"; }

bool MayStandInHeader(char c) { return IsVisible(c) || c == ' '; }

// What stands in the need's file. Read on the shard's own thread: a small file of this machine, once for as
// long as the token lives. Anything else than a file could keep the thread waiting.
bool ReadFile(const providers::Need& need, std::string* content, std::string* problem) {
  constexpr size_t kMaxFile = 64 << 10;
  problem->clear();
  struct stat about = {};
  if (::stat(need.body_file.c_str(), &about) == 0 && !S_ISREG(about.st_mode)) {
    *problem = "it is not a file";
    return false;
  }
  std::string text;
  if (!ReadTextFile(need.body_file, kMaxFile, &text, problem)) return false;
  *content = TrimSpace(text);
  if (content->empty()) {
    *problem = "it is empty";
  } else if (IsHeader(need) && !std::all_of(content->begin(), content->end(), MayStandInHeader)) {
    *problem = "it holds something else than one line of visible ASCII";
  }
  return problem->empty();
}

}  // namespace

net::Task<TokenSource::Result> TokenSource::Get(providers::Need need, std::string_view request_id,
                                                net::Wait wait) {
  const net::TimePoint now = loop_.UpdateNow();
  const TokenCache::EntryPtr entry = cache_.Open(need.name);
  if (entry->due(now)) {
    entry->fetching = true;
    loop_.Spawn(Fetch(entry, std::move(need), std::string(request_id)));
  }
  Result result;
  if (entry->good(now)) co_return result;
  if (entry->fetching) {
    net::Waiter waiter(loop_, wait);
    const WaitingPlace place(entry, waiter);
    result.wait = co_await waiter;
    if (result.wait != net::WaitResult::kReady) co_return result;
  }
  result.failure = entry->failure;
  co_return result;
}

net::Task<void> TokenSource::Fetch(TokenCache::EntryPtr entry, providers::Need need, std::string request_id) {
  const net::TimePoint begun = loop_.now();
  Fetched fetched = co_await Ask(need);
  const net::TimePoint now = loop_.UpdateNow();
  const TokenFailure* const failure = std::get_if<TokenFailure>(&fetched);
  observer_.OnTokenFetched(failure == nullptr);
  if (observer_.WantsSteps()) {
    const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(now - begun);
    observer_.OnStep(request_id, "token",
                     {{"target", OriginOf(need.url)},
                      {"wait_ms", waited.count()},
                      {"status", failure == nullptr ? 200 : failure->http_status}});
  }
  TokenCache::Finish(*entry, std::move(fetched), now);
}

net::Task<Fetched> TokenSource::Ask(const providers::Need& need) {
  upstream::Origin origin;
  std::string target;
  std::string problem;
  if (!upstream::ParseRequestUrl(need.url, &origin, &target, &problem)) {
    co_return Unavailable(need, "the address of its endpoint is not usable: " + problem);
  }
  std::string in_file;
  if (!need.body_file.empty() && !ReadFile(need, &in_file, &problem)) {
    co_return Unavailable(need, "the file that its request needs: " + problem);
  }
  std::string body(need.body.Reveal());
  upstream::Request request;
  request.origin = &origin;
  request.method = need.method;
  request.path = target;
  if (IsHeader(need) && !in_file.empty()) {
    request.headers.push_back({"authorization", in_file});
  } else {
    providers::AppendPathSegment(in_file, /*keep_slash=*/false, &body);
  }
  for (const HeaderField& header : need.headers) request.headers.push_back({header.name, header.value});
  if (!FindHeader(request.headers, "accept")) request.headers.push_back({"accept", "application/json"});
  request.headers.push_back({"user-agent", "portolan/" PORTOLAN_VERSION});
  const std::string_view body_view = body;
  if (!body.empty()) request.body = {&body_view, 1};
  const net::Wait wait{loop_.now() + kFetchTime, nullptr};
  std::unique_ptr<upstream::Exchange> exchange;
  const upstream::Failure sent = co_await client_.Send(request, {}, wait, &exchange);
  if (!sent.ok()) co_return Unanswered(need, sent);
  std::string answer;
  const upstream::Failure read = co_await exchange->ReadAll(need.max_answer, &answer, wait);
  if (!read.ok()) co_return Unanswered(need, read);
  std::variant<providers::Token, providers::Refusal> said = need.read(exchange->status(), answer);
  if (auto* const token = std::get_if<providers::Token>(&said)) co_return std::move(*token);
  const providers::Refusal& refusal = std::get<providers::Refusal>(said);
  const std::string message = std::string(OriginOf(need.url)) + " gave " + refusal.message;
  if (refusal.final)
    co_return TokenFailure{401, "the credentials for " + need.what + " are refused: " + message};
  co_return Unavailable(need, message);
}

}  // namespace portolan::core
