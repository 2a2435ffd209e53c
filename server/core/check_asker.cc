#include "server/core/check_asker.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "server/core/waiting_place.h"

namespace portolan::core {
namespace {

using guardrails::Question;
using guardrails::Reply;
using upstream::FailureKind;

// Why there is no reply. The failure's own message names the host, which is nobody's business where the
// operator has named it.
std::string_view WhyOf(FailureKind kind) {
  switch (kind) {
    case FailureKind::kDns:
      return "its host is not known";
    case FailureKind::kForbiddenAddress:
      return "its address is not one that callers may name";
    case FailureKind::kConnectRefused:
      return "it refuses connections";
    case FailureKind::kConnectFailed:
      return "it cannot be reached";
    case FailureKind::kTls:
      return "there is no safe connection to it";
    case FailureKind::kProxy:
      return "the proxy does not lead to it";
    case FailureKind::kGarbage:
      return "its answer is no HTTP, or too long";
    case FailureKind::kReset:
      return "it closed the connection";
    default:
      return "it did not answer in time";
  }
}

Reply Without(std::string_view why) {
  Reply reply;
  reply.failure = why;
  return reply;
}

net::WaitResult ResultOf(const net::Loop& loop, net::Wait wait) {
  if (wait.scope != nullptr && wait.scope->cancelled()) return net::WaitResult::kCancelled;
  return loop.now() >= wait.deadline ? net::WaitResult::kTimeout : net::WaitResult::kReady;
}

bool HasHeader(const Question& question, std::string_view name) {
  return std::any_of(question.headers.begin(), question.headers.end(),
                     [&](const HeaderField& header) { return header.name == name; });
}

}  // namespace

// Several questions that are asked at once. Shared by those who ask and who waits, who may leave before.
struct CheckAsker::Gathering {
  std::vector<Question> questions;
  std::vector<Reply> replies;
  size_t missing = 0;
  net::Waiter* waiter = nullptr;  // null: nobody waits
  net::CancelScope scope;
};

net::Task<net::WaitResult> CheckAsker::Ask(std::vector<Question> questions, net::Wait wait,
                                           std::vector<Reply>* replies) {
  replies->clear();
  if (questions.size() == 1) {
    replies->push_back(co_await AskOne(std::move(questions.front()), wait));
    loop_.UpdateNow();
    co_return ResultOf(loop_, wait);
  }
  const auto all = std::make_shared<Gathering>();
  all->missing = questions.size();
  all->replies.resize(questions.size());
  all->questions = std::move(questions);
  net::Waiter waiter(loop_, wait);
  // Whoever leaves takes the questions along.
  struct Guard {
    Gathering& all;
    ~Guard() {
      all.waiter = nullptr;
      if (all.missing > 0) all.scope.Cancel(net::CancelReason::kAbandoned);
    }
  };
  const Guard guard{*all};
  all->waiter = &waiter;
  for (size_t i = 0; i < all->questions.size(); ++i) loop_.Spawn(Gather(all, i, wait.deadline));
  const net::WaitResult result = co_await waiter;
  if (result == net::WaitResult::kReady) *replies = std::move(all->replies);
  co_return result;
}

net::Task<void> CheckAsker::Gather(std::shared_ptr<Gathering> all, size_t index, net::TimePoint deadline) {
  const net::Wait wait{deadline, &all->scope};
  Reply reply = co_await AskOne(std::move(all->questions[index]), wait);
  all->replies[index] = std::move(reply);
  if (--all->missing == 0 && all->waiter != nullptr) all->waiter->Notify();
}

net::Task<Reply> CheckAsker::AskOne(Question question, net::Wait wait) {
  const net::Wait own{std::min(wait.deadline, loop_.UpdateNow() + question.timeout), wait.scope};
  if (question.max_age.count() > 0) return AskCached(std::move(question), own);
  return Fetch(std::move(question), own);
}

net::Task<Reply> CheckAsker::AskCached(Question question, net::Wait wait) {
  // What a caller may ask is not what the operator may.
  const ReplyCache::EntryPtr entry =
      cache_.Open((question.is_untrusted ? "caller " : "file ") + question.url);
  const std::chrono::seconds max_age = question.max_age;
  if (auto reply = entry->At(loop_.now(), max_age)) co_return *std::move(reply);
  if (!entry->is_fetching) {
    entry->is_fetching = true;
    loop_.Spawn(FetchFor(entry, std::move(question)));
  }
  if (entry->is_fetching) {
    net::Waiter waiter(loop_, wait);
    const WaitingPlace place(entry, waiter);
    const net::WaitResult result = co_await waiter;
    if (result != net::WaitResult::kReady) co_return Without(WhyOf(FailureKind::kDeadline));
  }
  auto reply = entry->At(loop_.now(), max_age);
  if (!reply) co_return Without(WhyOf(FailureKind::kDeadline));
  co_return *std::move(reply);
}

// Belongs to nobody: it goes on for others when the call that began it is over.
net::Task<void> CheckAsker::FetchFor(ReplyCache::EntryPtr entry, Question question) {
  const net::Wait wait{loop_.now() + question.timeout, nullptr};
  Reply reply = co_await Fetch(std::move(question), wait);
  cache_.Finish(entry, std::move(reply), loop_.UpdateNow());
}

net::Task<Reply> CheckAsker::LookUp(upstream::Origin origin, net::Wait wait) {
  const upstream::Failure failure = co_await client_.LookUp(origin, wait);
  co_return failure.ok() ? Reply() : Without(WhyOf(failure.kind));
}

net::Task<Reply> CheckAsker::Fetch(Question question, net::Wait wait) {
  upstream::Origin origin;
  std::string target;
  std::string problem;
  if (!upstream::ParseRequestUrl(question.url, &origin, &target, &problem)) co_return Without(problem);
  origin.untrusted = question.is_untrusted;
  if (question.method.empty()) co_return co_await LookUp(std::move(origin), wait);
  upstream::Request request;
  request.origin = &origin;
  request.method = question.method;
  request.path = target;
  for (const HeaderField& header : question.headers) request.headers.push_back({header.name, header.value});
  if (!HasHeader(question, "accept")) request.headers.push_back({"accept", "*/*"});
  if (!HasHeader(question, "user-agent")) {
    request.headers.push_back({"user-agent", "portolan/" PORTOLAN_VERSION});
  }
  const std::string_view body = question.body;
  if (!body.empty()) request.body = {&body, 1};
  std::unique_ptr<upstream::Exchange> exchange;
  const upstream::Failure sent = co_await client_.Send(request, {}, wait, &exchange);
  if (!sent.ok()) co_return Without(WhyOf(sent.kind));
  Reply reply;
  reply.status = exchange->status();
  if (!question.needs_body || reply.status < 200 || reply.status > 299) co_return reply;
  const upstream::Failure read = co_await exchange->ReadAll(question.max_answer, &reply.body, wait);
  if (!read.ok()) co_return Without(WhyOf(read.kind));
  co_return reply;
}

bool CheckAsker::SpawnBeside(net::Task<void> task, size_t bytes) {
  if (beside_ >= kMaxBeside || beside_bytes_ + bytes > kMaxBesideBytes) return false;
  loop_.Spawn(Beside(std::move(task), bytes));
  return true;
}

net::Task<void> CheckAsker::Beside(net::Task<void> task, size_t bytes) {
  ++beside_;
  beside_bytes_ += bytes;
  co_await net::Task<void>(std::move(task));
  --beside_;
  beside_bytes_ -= bytes;
}

bool CheckAsker::Post(HookPhase phase, guardrails::BesidePost post) {
  const size_t bytes = post.question.body.size();
  return SpawnBeside(PostOne(phase, std::move(post)), bytes);
}

net::Task<void> CheckAsker::PostOne(HookPhase phase, guardrails::BesidePost post) {
  const net::TimePoint begun = loop_.UpdateNow();
  const net::Wait wait{begun + post.question.timeout, nullptr};
  const Reply reply = co_await Fetch(std::move(post.question), wait);
  const guardrails::Judgement judgement = post.network->judge({}, {&reply, 1});
  observer_.OnCheck(phase, post.check, static_cast<CheckVerdict>(judgement.finding.verdict),
                    loop_.UpdateNow() - begun);
}

}  // namespace portolan::core
