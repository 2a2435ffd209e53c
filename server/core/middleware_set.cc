#include "server/core/middleware_set.h"

#include <algorithm>
#include <utility>

namespace portolan::core {

using middleware::Event;
using middleware::Hook;
using middleware::Outcome;
using middleware::Verdict;

namespace {

constexpr std::string_view kLeftAlone = "it has failed too often, and is left alone for a second";

bool Cancelled(net::Wait wait) { return wait.scope != nullptr && wait.scope->cancelled(); }

}  // namespace

MiddlewareEntry::MiddlewareEntry(std::shared_ptr<const middleware::Settings> settings,
                                 std::unique_ptr<middleware::Service> service, MiddlewareShard shard)
    : settings_(std::move(settings)), service_(std::move(service)), shard_(shard) {}

bool MiddlewareEntry::Wants(Hook hook) const {
  if (settings_->hooks) return settings_->hooks->Has(hook);
  const middleware::Wants* const wants = service_->wants();
  return wants != nullptr && wants->hooks.Has(hook);
}

net::Wait MiddlewareEntry::Limit(net::Wait wait) const {
  return {std::min(wait.deadline, shard_.loop.UpdateNow() + settings_->timeout), wait.scope};
}

void MiddlewareEntry::Report(std::string_view request_id, Hook hook, std::string_view failure,
                             std::chrono::nanoseconds took) {
  shard_.observer.OnMiddleware(settings_->name, hook, !failure.empty(), took);
  if (failure.empty()) {
    breaker_.Succeed();
    return;
  }
  breaker_.Fail(shard_.loop.now());
  shard_.observer.OnMiddlewareFailed(request_id, settings_->name, hook, failure);
}

net::Task<std::string> MiddlewareEntry::Learn(std::string_view request_id, Hook hook, net::Wait wait) {
  if (service_->wants() != nullptr) co_return std::string();
  const net::TimePoint start = shard_.loop.UpdateNow();
  std::string failure(kLeftAlone);
  if (!breaker_.open(start)) {
    failure = co_await service_->Learn(Limit(wait));
    if (failure.empty() || Cancelled(wait)) co_return failure;
  }
  Report(request_id, hook, failure, shard_.loop.UpdateNow() - start);
  co_return failure;
}

void MiddlewareEntry::LearnBeside(std::shared_ptr<const MiddlewareSet> set) {
  if (!std::exchange(learns_, true)) shard_.loop.Spawn(RunLearn(std::move(set)));
}

net::Task<void> MiddlewareEntry::RunLearn(std::shared_ptr<const MiddlewareSet> /*set*/) {
  (void)co_await Learn("", Hook::kRequest, {});
  learns_ = false;
}

// What is wrong with a question.
std::string MiddlewareEntry::Misfit(const Event& event) const {
  size_t size = event.request_json.size();
  if (event.body.json) size += event.body.json->size();
  if (event.body.typed != nullptr) size += event.body.typed->ByteSizeLong();
  return size > settings_->max_body ? "the body is larger than max_body" : std::string();
}

net::Task<Outcome> MiddlewareEntry::Ask(const Event& event, net::Wait wait) {
  std::string failure = co_await Learn(event.call.request_id, event.hook, wait);
  if (!failure.empty()) co_return Outcome{std::nullopt, std::move(failure)};
  const net::TimePoint start = shard_.loop.UpdateNow();
  Outcome outcome;
  outcome.failure = Misfit(event);
  if (outcome.failure.empty() && breaker_.open(start)) {
    outcome.failure = kLeftAlone;
  }
  if (outcome.failure.empty()) outcome = co_await service_->Ask(event, Limit(wait));
  if (outcome.verdict) {
    const Verdict::Action action = outcome.verdict->action;
    const middleware::Wants* const wants = service_->wants();
    const bool changes = action == Verdict::Action::kReplace || action == Verdict::Action::kAnswer;
    if (changes && wants != nullptr && wants->read_only) {
      outcome = {std::nullopt, "it is read_only, and has changed something"};
    }
  }
  if (!outcome.verdict && Cancelled(wait)) co_return outcome;
  Report(event.call.request_id, event.hook, outcome.failure, shard_.loop.UpdateNow() - start);
  co_return outcome;
}

void MiddlewareEntry::AskBeside(std::shared_ptr<const MiddlewareSet> set, ToldEvent event) {
  if (beside_ >= kMaxBeside) return shard_.observer.OnMiddlewareDropped(settings_->name, event.hook);
  ++beside_;
  shard_.loop.Spawn(RunBeside(std::move(set), std::move(event)));
}

net::Task<void> MiddlewareEntry::RunBeside(std::shared_ptr<const MiddlewareSet> /*set*/, ToldEvent event) {
  const middleware::CallInfo info = event.call.View();
  Event asked{event.hook, info, {}};
  asked.body.typed = event.typed.get();
  if (event.json) asked.body.json = *event.json;
  asked.status = event.status;
  asked.usage = event.usage;
  asked.streamed = event.streamed;
  asked.request_json = event.request_json;
  (void)co_await Ask(asked, {});
  --beside_;
}

void MiddlewareEntry::TellBeside(std::shared_ptr<const MiddlewareSet> set, ToldEnd end) {
  if (beside_ >= kMaxBeside) return shard_.observer.OnMiddlewareDropped(settings_->name, Hook::kEnd);
  ++beside_;
  shard_.loop.Spawn(RunTell(std::move(set), std::move(end)));
}

net::Task<void> MiddlewareEntry::RunTell(std::shared_ptr<const MiddlewareSet> /*set*/, ToldEnd end) {
  const middleware::CallInfo info = end.call.View();
  const middleware::EndEvent event{info,      end.status,        end.error_code, end.error_class,
                                   end.usage, end.finish_reason, end.took,       end.attempts};
  const net::TimePoint start = shard_.loop.UpdateNow();
  std::string failure(kLeftAlone);
  if (!breaker_.open(start)) failure = co_await service_->Tell(event, Limit({}));
  Report(info.request_id, Hook::kEnd, failure, shard_.loop.UpdateNow() - start);
  --beside_;
}

std::unique_ptr<middleware::ChunkStream> MiddlewareEntry::Open(const middleware::CallInfo& call, int status,
                                                               std::function<void()> on_news,
                                                               std::string* failure) {
  if (breaker_.open(shard_.loop.UpdateNow())) {
    *failure = kLeftAlone;
    return nullptr;
  }
  return service_->Open(call, status, std::move(on_news));
}

void MiddlewareEntry::Linger(std::shared_ptr<const MiddlewareSet> set,
                             std::unique_ptr<middleware::ChunkStream> stream) {
  shard_.loop.Spawn(RunLinger(std::move(set), shard_.loop, settings_->timeout, std::move(stream)));
}

net::Task<void> MiddlewareEntry::RunLinger(std::shared_ptr<const MiddlewareSet> /*set*/, net::Loop& loop,
                                           std::chrono::milliseconds time,
                                           std::unique_ptr<middleware::ChunkStream> /*stream*/) {
  co_await loop.SleepUntil(loop.UpdateNow() + time);
}

MiddlewareSet::MiddlewareSet(const middleware::SettingsList& all, const MiddlewareFactory& make,
                             MiddlewareShard shard) {
  for (const auto& settings : all) {
    entries_.emplace(settings->name, std::make_unique<MiddlewareEntry>(settings, make(*settings), shard));
  }
}

MiddlewareEntry* MiddlewareSet::Find(std::string_view name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : found->second.get();
}

}  // namespace portolan::core
