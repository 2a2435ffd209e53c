#include "server/core/batches.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "server/core/call_steps.h"
#include "server/core/hook_answer.h"
#include "server/core/send.h"
#include "server/core/translate.h"
#include "server/core/upstream_answer.h"

namespace portolan::core {
namespace {

using google::protobuf::Message;

const v1::EmbeddingRequest& Embeddings(const Message& request) {
  return static_cast<const v1::EmbeddingRequest&>(request);
}

// Everything but the texts.
v1::EmbeddingRequest WithoutTexts(const v1::EmbeddingRequest& request) {
  v1::EmbeddingRequest rest = request;
  rest.clear_input();
  return rest;
}

// The text of a part, in the provider's words.
std::optional<Error> WritePart(CallState& call, const v1::EmbeddingRequest& part) {
  if (call.route.way.form->mapping != nullptr) return TranslateHub(call, part);
  codec::Encode(*call.operation.hub->request, part, {.for_upstream = true}, &call.request_text);
  call.request_body.assign(1, call.request_text);
  return std::nullopt;
}

// Sends the part that is in call.request_body.
net::Task<Attempted> SendPart(CallState& call, upstream::UrlCache& urls) {
  const Attempted attempted = co_await Send(call, urls);
  // However many requests it takes, it is one attempt, besides what was sent twice.
  if (attempted == Attempted::kAnswered) --call.outcome.attempts;
  co_return attempted;
}

// The vectors by their index, or as they came where the server says none, which reads as 0. Empty if the
// indices are not those of as many texts.
std::vector<const v1::Embedding*> InOrder(const v1::EmbeddingResponse& answer) {
  const auto& data = answer.data();
  const bool says_none =
      std::all_of(data.begin(), data.end(), [](const auto& each) { return each.index() == 0; });
  std::vector<const v1::Embedding*> placed(static_cast<size_t>(data.size()));
  for (int i = 0; i < data.size(); ++i) {
    const int64_t index = says_none ? i : data[i].index();
    if (index < 0 || index >= data.size() || placed[static_cast<size_t>(index)] != nullptr) return {};
    placed[static_cast<size_t>(index)] = &data[i];
  }
  return placed;
}

}  // namespace

std::optional<Error> JoinedEmbeddings::Take(const v1::EmbeddingResponse& answer) {
  if (static_cast<size_t>(answer.data_size()) != expected_) {
    return InvalidAnswer("the provider answered with " + std::to_string(answer.data_size()) +
                         " embeddings to " + std::to_string(expected_) + " texts");
  }
  const std::vector<const v1::Embedding*> placed = InOrder(answer);
  if (placed.empty()) return InvalidAnswer("the provider's embeddings do not have an index each");
  const int before = answer_.data_size();
  const int64_t prompt_tokens = answer_.usage().prompt_tokens() + answer.usage().prompt_tokens();
  const int64_t total_tokens = answer_.usage().total_tokens() + answer.usage().total_tokens();
  const bool counted = answer.has_usage() && (before == 0 || answer_.has_usage());
  if (before == 0) {
    answer_ = answer;
    answer_.clear_data();
  }
  for (const v1::Embedding* const each : placed) {
    v1::Embedding* const joined = answer_.add_data();
    *joined = *each;
    joined->set_index(answer_.data_size() - 1);
  }
  answer_.clear_usage();
  if (!counted) return std::nullopt;
  answer_.mutable_usage()->set_prompt_tokens(prompt_tokens);
  answer_.mutable_usage()->set_total_tokens(total_tokens);
  return std::nullopt;
}

bool NeedsBatches(const CallState& call, const Message& hub_request) {
  const size_t most = call.route.way.form->max_inputs;
  const auto texts = static_cast<size_t>(Embeddings(hub_request).input().texts().items_size());
  return texts > most && texts <= most * kMaxBatches;
}

net::Task<Attempted> AttemptInBatches(CallState& call, upstream::UrlCache& urls, const Message& hub_request) {
  const auto& texts = Embeddings(hub_request).input().texts().items();
  const int most = static_cast<int>(call.route.way.form->max_inputs);
  const v1::EmbeddingRequest rest = WithoutTexts(Embeddings(hub_request));
  JoinedEmbeddings joined;
  call.joined = &joined;
  Attempted attempted = Attempted::kFailed;
  for (int begin = 0; begin < texts.size(); begin += most) {
    v1::EmbeddingRequest part = rest;
    const int end = std::min(begin + most, texts.size());
    for (int i = begin; i < end; ++i) part.mutable_input()->mutable_texts()->add_items(texts[i]);
    call.request_text.clear();
    call.dropped.clear();
    joined.Expect(static_cast<size_t>(end - begin));
    std::optional<Error> error = WritePart(call, part);
    if (!error && !call.route.target.provider->rules.empty()) error = FitToProvider(call);
    if (error) {
      attempted = FailHere(call, *std::move(error));
      break;
    }
    if (call.tells_steps) TellRequest(call, /*goes_out=*/true);
    attempted = co_await SendPart(call, urls);
    if (attempted == Attempted::kFailed) break;
  }
  call.joined = nullptr;
  if (attempted == Attempted::kFailed) co_return attempted;
  ++call.outcome.attempts;
  if (call.hooks != nullptr) co_return co_await ReplyGuarded(call, nullptr, joined.answer());
  co_await ReplyMessage(call, joined.answer(), nullptr);
  co_return Attempted::kAnswered;
}

}  // namespace portolan::core
