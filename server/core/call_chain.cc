#include "server/core/call_chain.h"

#include <algorithm>
#include <utility>

#include "server/core/chain_sink.h"
#include "server/core/upstream_error.h"

namespace portolan::core {

using middleware::Hook;
using middleware::Outcome;
using middleware::Verdict;

namespace {

constexpr size_t kMaxLogged = 1024;
// What all middleware of a call leave together.
constexpr size_t kMaxNotes = 256;

}  // namespace

void CallChain::Scope::Follow(CancelScope* outer) {
  if (outer == nullptr) return;
  if (outer->cancelled()) return Cancel(outer->reason());
  Link(outer);
}

CallChain::CallChain(ReplySink& out, std::shared_ptr<const MiddlewareSet> set)
    : out_(out), set_(std::move(set)), sink_(std::make_unique<ChainSink>(*this)) {}

CallChain::~CallChain() = default;

ReplySink& CallChain::sink() { return *sink_; }

void CallChain::Attach(CallState& call) {
  call_ = &call;
  scope_ = std::make_unique<Scope>();
  scope_->Follow(call.in.scope);
  call.wait.scope = scope_.get();
}

void CallChain::Add(std::string_view name, bool of_target) {
  MiddlewareEntry* const entry = set_->Find(name);
  if (entry == nullptr) return;  // names were checked when they were read
  const bool there =
      std::any_of(links_.begin(), links_.end(), [&](const Link& link) { return link.entry == entry; });
  if (!there) links_.push_back({entry, of_target});
}

net::Task<std::optional<Error>> CallChain::Begin() {
  for (const std::string& name : call_->snapshot->default_middleware) Add(name, /*of_target=*/false);
  if (call_->credentials.caller != nullptr) {
    for (const std::string& name : call_->credentials.caller->middleware) Add(name, /*of_target=*/false);
  }
  for (const std::string& name : call_->plan->middleware) Add(name, /*of_target=*/false);
  for (const Link& link : links_) {
    if (!link.entry->IsUnknown()) continue;
    if (link.entry->settings().async) {
      link.entry->LearnBeside(set_);
      continue;
    }
    std::string failure = co_await link.entry->Learn(call_->in.request_id, Hook::kRequest, call_->wait);
    if (failure.empty()) continue;
    if (auto error = Failed(*link.entry)) co_return error;
  }
  co_return std::nullopt;
}

void CallChain::BeginAttempt(const routing::RouteNode& node) {
  const auto own =
      std::find_if(links_.begin(), links_.end(), [](const Link& link) { return link.of_target; });
  links_.erase(own, links_.end());
  for (const std::string& name : node.target.middleware) Add(name, /*of_target=*/true);
}

bool CallChain::Any(std::span<const Link> links, Hook hook) {
  return std::any_of(links.begin(), links.end(), [&](const Link& link) { return link.entry->Wants(hook); });
}

// What was asked; empty where it cannot be read.
std::string_view CallChain::RequestText() const {
  return call_->operation.relays && !call_->relays_object ? std::string_view() : call_->payload.Text();
}

ToldCall CallChain::Tell(const MiddlewareEntry& entry) const { return {*call_, entry.settings(), notes_}; }

net::Task<CallChain::Said> CallChain::Ask(MiddlewareEntry& entry, Hook hook, ChainBody* body, int status,
                                          bool streamed) {
  const net::TimePoint start = call_->shard.loop->UpdateNow();
  // What form it wants is known when it has been asked.
  std::string failure = co_await entry.Learn(call_->in.request_id, hook, call_->wait);
  Said said;
  if (failure.empty()) {
    const ToldCall told = Tell(entry);
    const middleware::CallInfo info = told.View();
    middleware::Event event{hook, info, {}};
    if (body != nullptr) event.body = body->View(entry.wants()->form);
    event.status = status;
    event.usage = UsageOf(*call_);
    event.streamed = streamed;
    if (entry.wants()->request && hook == Hook::kResponse) event.request_json = RequestText();
    Outcome outcome = co_await entry.Ask(event, call_->wait);
    failure = std::move(outcome.failure);
    if (outcome.verdict) said.verdict = *std::move(outcome.verdict);
  }
  NoteWait(call_->shard.loop->UpdateNow() - start);
  if (failure.empty() && said.verdict.action == Verdict::Action::kReplace) {
    failure =
        body == nullptr ? "there is nothing that it could replace" : body->Take(std::move(said.verdict.body));
    if (!failure.empty()) said.verdict = {};
  }
  if (!failure.empty()) {
    said.error = Failed(entry);
    co_return said;
  }
  for (auto& [name, value] : said.verdict.notes) {
    if (notes_.size() < kMaxNotes) notes_.insert_or_assign(std::move(name), std::move(value));
  }
  NoteFindings(entry, said.verdict.findings);
  switch (said.verdict.action) {
    case Verdict::Action::kReplace:
      NoteAction(entry, "replaced");
      break;
    case Verdict::Action::kDeny:
      said.error = Denied(entry, said.verdict.denial);
      break;
    case Verdict::Action::kAnswer:
      NoteAction(entry, "answered");
      break;
    default:
      break;
  }
  co_return said;
}

void CallChain::AskBeside(MiddlewareEntry& entry, Hook hook, ChainBody* body, int status, bool streamed) {
  ToldEvent event{Tell(entry), hook, nullptr, std::nullopt, status, UsageOf(*call_), streamed};
  // What is not known yet is what it wants least.
  const middleware::Wants* const wants = entry.wants();
  if (body != nullptr && wants != nullptr) {
    const middleware::BodyView view = body->View(wants->form);
    if (view.json) event.json.emplace(*view.json);
    if (view.typed != nullptr) {
      event.typed.reset(view.typed->New());
      event.typed->CopyFrom(*view.typed);
    }
    if (wants->request && hook == Hook::kResponse) event.request_json = RequestText();
  }
  entry.AskBeside(set_, std::move(event));
}

std::optional<Error> CallChain::Failed(const MiddlewareEntry& entry) {
  constexpr std::string_view kDoing = "waiting for middleware";
  if (call_->wait.scope->cancelled()) return CancelledError(*call_, kDoing);
  if (call_->shard.loop->now() >= call_->wait.deadline)
    return OutOfTime(*call_, call_->wait.deadline, kDoing);
  NoteAction(entry, "failed");
  if (entry.settings().pass_on_error) return std::nullopt;
  return Error{
      .http_status = 503,
      .code = "middleware_failed",
      .message = "the middleware " + entry.settings().name + " has failed, and no call goes on without it",
      .retryable = true};
}

Error CallChain::Denied(const MiddlewareEntry& entry, const middleware::Denial& denial) {
  NoteAction(entry, "denied");
  return {.error_class = ErrorClass::kPolicy,
          .http_status = denial.http_status,
          .code = denial.code.empty() ? "middleware_denied" : denial.code,
          .message = denial.message.empty()
                         ? "the middleware " + entry.settings().name + " has denied the call"
                         : denial.message};
}

void CallChain::NoteAction(const MiddlewareEntry& entry, std::string_view what) {
  if (log_.size() > kMaxLogged) return;
  log_.append(log_.empty() ? "" : ", ").append(entry.settings().name).append(":").append(what);
}

void CallChain::NoteFindings(const MiddlewareEntry& entry, const std::vector<middleware::Finding>& findings) {
  for (const middleware::Finding& finding : findings)
    NoteAction(entry, finding.name + "=" + std::to_string(finding.count));
}

void CallChain::End(Error error) {
  end_ = std::move(error);
  scope_->Cancel(net::CancelReason::kAbandoned);
}

net::Task<void> CallChain::Close() { return sink_->Close(); }

void CallChain::TellEnd(const Link& link) {
  const CallOutcome& outcome = call_->outcome;
  ToldEnd end{Tell(*link.entry), outcome.status};
  if (outcome.error) {
    end.error_code = outcome.error->code;
    end.error_class = ToString(outcome.error->error_class);
  }
  end.usage = UsageOf(*call_);
  end.finish_reason = outcome.finish_reason;
  end.took = call_->shard.loop->UpdateNow() - call_->in.received;
  end.attempts = static_cast<uint32_t>(outcome.attempts);
  link.entry->TellBeside(set_, std::move(end));
}

void CallChain::Finish(CallOutcome* outcome) {
  if (end_) {
    outcome->error = std::move(end_);
    outcome->error->attempts = outcome->attempts;
    outcome->status = sink_->status();
  }
  outcome->middleware = log_;
  if (waited_) {
    outcome->middleware_ms = std::chrono::duration_cast<std::chrono::milliseconds>(*waited_).count();
  }
  for (const Link& link : links_) {
    if (link.entry->Wants(Hook::kEnd)) TellEnd(link);
  }
}

}  // namespace portolan::core
