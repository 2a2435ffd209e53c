#pragma once

// The middleware of one shard, as calls ask them.

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "server/core/record.h"
#include "server/core/told_call.h"
#include "server/middleware/breaker.h"
#include "server/middleware/middleware.h"
#include "server/middleware/settings.h"

namespace portolan::core {

// Makes what answers for one middleware, on this shard.
using MiddlewareFactory =
    std::function<std::unique_ptr<middleware::Service>(const middleware::Settings& settings)>;

// What belongs to the shard.
struct MiddlewareShard {
  net::Loop& loop;
  CallObserver& observer;
};

// One middleware. Everything that holds for every question stands here: time-outs, the limit of bodies, that
// one that only reads changes nothing, the breaker, what is counted. On the shard's thread.
class MiddlewareEntry {
 public:
  // How many questions beside calls may be under way.
  static constexpr size_t kMaxBeside = 1024;

  MiddlewareEntry(std::shared_ptr<const middleware::Settings> settings,
                  std::unique_ptr<middleware::Service> service, MiddlewareShard shard);

  const middleware::Settings& settings() const { return *settings_; }
  // nullptr: not known yet.
  const middleware::Wants* wants() const { return service_->wants(); }
  // Whether it is asked then. False where that is not known.
  bool Wants(middleware::Hook hook) const;
  // It has to be learnt what it wants before it is known when it is asked.
  bool IsUnknown() const { return !settings_->hooks && service_->wants() == nullptr; }

  // Learns what it wants, if need be. Returns why that failed; empty: it is known.
  net::Task<std::string> Learn(std::string_view request_id, middleware::Hook hook, net::Wait wait);

  // The same where nobody waits; `set` keeps this alive.
  void LearnBeside(std::shared_ptr<const class MiddlewareSet> set);

  // Asks. A failure has been counted and logged, unless it is that the wait's scope was cancelled, which is
  // neither.
  net::Task<middleware::Outcome> Ask(const middleware::Event& event, net::Wait wait);
  // Asks where nobody waits; `set` keeps this alive. Drops it if too many are under way.
  void AskBeside(std::shared_ptr<const class MiddlewareSet> set, ToldEvent event);
  // Tells of an end, likewise.
  void TellBeside(std::shared_ptr<const class MiddlewareSet> set, ToldEnd end);

  // Begins a stream; nullptr, and *failure, if it is not to be asked now.
  std::unique_ptr<middleware::ChunkStream> Open(const middleware::CallInfo& call, int status,
                                                std::function<void()> on_news, std::string* failure);
  // Counts and tells what became of a question that was not asked by Ask(): well if `failure` is empty.
  void Report(std::string_view request_id, middleware::Hook hook, std::string_view failure,
              std::chrono::nanoseconds took);
  // Of a stream beside a call more is under way than it may be.
  void Drop(middleware::Hook hook) { shard_.observer.OnMiddlewareDropped(settings_->name, hook); }
  // Leaves such a stream time to be heard to its end; `set` keeps this alive.
  void Linger(std::shared_ptr<const class MiddlewareSet> set,
              std::unique_ptr<middleware::ChunkStream> stream);

 private:
  net::Wait Limit(net::Wait wait) const;
  std::string Misfit(const middleware::Event& event) const;
  net::Task<void> RunLearn(std::shared_ptr<const class MiddlewareSet> set);
  net::Task<void> RunBeside(std::shared_ptr<const class MiddlewareSet> set, ToldEvent event);
  static net::Task<void> RunLinger(std::shared_ptr<const class MiddlewareSet> set, net::Loop& loop,
                                   std::chrono::milliseconds time,
                                   std::unique_ptr<middleware::ChunkStream> stream);
  net::Task<void> RunTell(std::shared_ptr<const class MiddlewareSet> set, ToldEnd end);

  const std::shared_ptr<const middleware::Settings> settings_;
  const std::unique_ptr<middleware::Service> service_;
  const MiddlewareShard shard_;
  middleware::Breaker breaker_;
  size_t beside_ = 0;
  bool learns_ = false;  // beside calls
};

// Those of one snapshot. Immutable but for what its entries know.
class MiddlewareSet {
 public:
  MiddlewareSet(const middleware::SettingsList& all, const MiddlewareFactory& make, MiddlewareShard shard);

  // nullptr: there is none of this name.
  MiddlewareEntry* Find(std::string_view name) const;

 private:
  std::map<std::string_view, std::unique_ptr<MiddlewareEntry>> entries_;
};

}  // namespace portolan::core
