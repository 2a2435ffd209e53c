#include "server/core/chain_request.h"

#include <google/protobuf/message.h>

#include <string>
#include <utility>

#include "server/core/chain_answer.h"
#include "server/core/hook_edits.h"

namespace portolan::core {

using middleware::Hook;
using middleware::Verdict;

namespace {

// Asks one of them. True if the call ends here, by what *asked says.
net::Task<bool> AskOne(CallState& call, size_t place, Hook hook, ChainBody* body, AskedRequest* asked) {
  CallChain& chain = *call.chain;
  MiddlewareEntry& entry = *chain.links()[place].entry;
  if (entry.settings().async) {
    chain.AskBeside(entry, hook, body);
    co_return false;
  }
  CallChain::Said said = co_await chain.Ask(entry, hook, body);
  if (!said.error && said.verdict.action == Verdict::Action::kAnswer) {
    // What it says is checked before it counts as an answer.
    std::string problem = co_await ReplySaid(call, place, std::move(said.verdict.body));
    asked->answered = problem.empty();
    if (asked->answered) co_return true;
    said.error = chain.Failed(entry);
  }
  asked->error = std::move(said.error);
  co_return asked->error.has_value();
}

// The request in the words of the door, as the attempt is to see it.
std::optional<Error> TextOfAttempt(CallState& call, std::string* text) {
  codec::GatherList pieces;
  std::string buffer;
  const std::vector<codec::Edit>& edits = RequestEdits(call);
  if (auto error = call.payload.ToJson(edits, call.config.splice, &buffer, &pieces)) return error;
  for (const std::string_view piece : pieces) text->append(piece);
  return std::nullopt;
}

}  // namespace

net::Task<AskedRequest> AskAboutRequest(CallState& call, ChainBody* body) {
  AskedRequest asked;
  const bool readable = !call.operation.relays || call.relays_object;
  if (readable) {
    if (call.in.message != nullptr && !call.operation.relays) {
      body->SetMessage(*call.payload.message());
    } else {
      body->SetJson(call.payload.Text());
    }
  }
  CallChain& chain = *call.chain;
  for (size_t i = 0; i < chain.links().size(); ++i) {
    if (!chain.links()[i].entry->Wants(Hook::kRequest)) continue;
    const bool over = co_await AskOne(call, i, Hook::kRequest, readable ? body : nullptr, &asked);
    if (over) break;
  }
  co_return asked;
}

bool AsksAboutAttempt(const CallState& call) {
  if (call.chain == nullptr) return false;
  for (const CallChain::Link& link : call.chain->links()) {
    if (link.entry->Wants(Hook::kAttempt)) return true;
    if (link.of_target && (link.entry->IsUnknown() || link.entry->Wants(Hook::kRequest))) return true;
  }
  return false;
}

net::Task<AskedRequest> AskAboutAttempt(CallState& call) {
  AskedRequest asked;
  CallChain& chain = *call.chain;
  const bool readable = !call.operation.relays || call.relays_object;
  std::string before;
  if (readable) {
    asked.error = TextOfAttempt(call, &before);
    if (asked.error) co_return asked;
  }
  ChainBody body(call.operation, BodyOf::kRequest);
  body.SetJson(before);
  ChainBody* const seen = readable ? &body : nullptr;
  for (size_t i = 0; i < chain.links().size(); ++i) {
    MiddlewareEntry& entry = *chain.links()[i].entry;
    if (chain.links()[i].of_target && entry.IsUnknown()) {
      if (entry.settings().async) {
        entry.LearnBeside(chain.set());
        continue;
      }
      const std::string failure = co_await entry.Learn(call.in.request_id, Hook::kAttempt, call.wait);
      if (!failure.empty()) asked.error = chain.Failed(entry);
      if (asked.error) co_return asked;
    }
    bool over = false;
    // Of a target's own, the request is what this target is asked.
    if (chain.links()[i].of_target && entry.Wants(Hook::kRequest)) {
      over = co_await AskOne(call, i, Hook::kRequest, seen, &asked);
    }
    if (!over && entry.Wants(Hook::kAttempt)) over = co_await AskOne(call, i, Hook::kAttempt, seen, &asked);
    if (over) co_return asked;
  }
  if (body.changed()) AddRequestEdits(*call.operation.request, before, body.Json(), &RequestEdits(call));
  co_return asked;
}

}  // namespace portolan::core
