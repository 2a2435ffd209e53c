#include "providers/dialects/mistral/fim.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "portolan/v1/completion.pb.h"
#include "providers/dialects/mistral/request.h"

namespace portolan::providers::mistral {
namespace {

namespace api = ::portolan::v1;

// Mistral's own members, which pass as the caller wrote them. Any other is an error there.
constexpr std::array<std::string_view, 4> kNative = {"random_seed", "min_tokens", "metadata",
                                                     "prompt_cache_key"};

std::optional<Error> Refuse(std::string_view what, std::string_view member) {
  return Error::InvalidRequest("unsupported_value",
                               std::string(member) + ": Mistral's fill in the middle " + std::string(what),
                               std::string(member));
}

std::optional<Error> CheckMeaning(const api::CompletionRequest& request) {
  if (request.has_n() && request.n() != 1) return Refuse("gives one answer only", "n");
  if (request.echo()) return Refuse("does not return the prompt", "echo");
  if (request.has_logprobs()) return Refuse("tells no probabilities", "logprobs");
  return std::nullopt;
}

void NameLost(const api::CompletionRequest& request, DroppedMembers* dropped) {
  if (request.best_of() > 1) dropped->emplace_back("best_of");
  if (request.presence_penalty() != 0) dropped->emplace_back("presence_penalty");
  if (request.frequency_penalty() != 0) dropped->emplace_back("frequency_penalty");
  if (!request.logit_bias().empty()) dropped->emplace_back("logit_bias");
  if (!request.user().empty()) dropped->emplace_back("user");
}

void CopyMembers(const api::CompletionRequest& from, api::CompletionRequest* to) {
  if (from.has_model()) to->set_model(from.model());
  if (from.has_suffix()) to->set_suffix(from.suffix());
  if (from.has_max_tokens()) to->set_max_tokens(from.max_tokens());
  if (from.has_temperature()) to->set_temperature(from.temperature());
  if (from.has_top_p()) to->set_top_p(from.top_p());
  if (from.has_stream()) to->set_stream(from.stream());
  if (from.has_stop()) *to->mutable_stop() = from.stop();
  if (from.has_seed()) {
    api::Extra* const seed = to->add_extra();
    seed->set_name("random_seed");
    seed->set_json(std::to_string(from.seed()));
  }
}

}  // namespace

std::optional<Error> FimMapping::RequestToWire(const Message& hub, const CallFacts&, Message* wire,
                                               DroppedMembers* dropped) const {
  const auto& request = static_cast<const api::CompletionRequest&>(hub);
  auto* const to = static_cast<api::CompletionRequest*>(wire);
  if (auto error = CheckMeaning(request)) return error;
  std::string text;
  if (auto error = OneText(request.prompt(), &text)) return error;
  to->mutable_prompt()->set_text(std::move(text));
  CopyMembers(request, to);
  if (to->has_model()) TakeVersionOff(to->mutable_model());
  NameLost(request, dropped);
  for (const api::Extra& extra : request.extra()) {
    if (std::find(kNative.begin(), kNative.end(), extra.name()) == kNative.end()) {
      dropped->push_back(extra.name());
    } else {
      *to->add_extra() = extra;
    }
  }
  return std::nullopt;
}

}  // namespace portolan::providers::mistral
