#include "providers/dialects/palm/completion.h"

#include <string>
#include <string_view>
#include <utility>

#include "palm/v1/palm.pb.h"
#include "portolan/v1/completion.pb.h"
#include "providers/dialects/common/json.h"
#include "providers/dialects/google/errors.h"
#include "providers/dialects/palm/parameters.h"

namespace portolan::providers::palm {
namespace {

namespace api = ::portolan::v1;
namespace wire = ::palm::v1;

constexpr int kMostStops = 5;

std::optional<Error> TakePrompt(const api::TextInput& prompt, wire::TextPrompt* out) {
  const auto& texts = prompt.texts().items();
  if (prompt.kind_case() == api::TextInput::kText) {
    out->set_text(prompt.text());
  } else if (prompt.kind_case() == api::TextInput::kTexts && texts.size() == 1) {
    out->set_text(texts[0]);
  } else if (prompt.kind_case() == api::TextInput::KIND_NOT_SET || texts.empty()) {
    return Error::InvalidRequest("missing_value", "palm needs a text to continue", "prompt");
  } else {
    return Refuse("palm continues one text, not several and no token ids", "prompt");
  }
  return std::nullopt;
}

std::optional<Error> TakeStop(const api::Stop& stop, wire::GenerateTextRequest* out) {
  if (stop.kind_case() == api::Stop::kSequence) out->add_stop_sequences(stop.sequence());
  for (const std::string& sequence : stop.sequences().items()) out->add_stop_sequences(sequence);
  if (out->stop_sequences_size() <= kMostStops) return std::nullopt;
  return Refuse("palm takes 5 stop sequences at most", "stop");
}

std::optional<Error> CheckMeaning(const api::CompletionRequest& request) {
  if (!request.suffix().empty()) return Refuse("palm does not fill in", "suffix");
  if (request.echo()) return Refuse("palm does not return the prompt", "echo");
  if (request.has_logprobs()) return Refuse("palm tells no probabilities", "logprobs");
  return std::nullopt;
}

}  // namespace

std::optional<Error> CompletionMapping::RequestToWire(const Message& hub, const CallFacts& facts,
                                                      Message* wire, DroppedMembers* dropped) const {
  const auto& request = static_cast<const api::CompletionRequest&>(hub);
  auto* out = static_cast<wire::GenerateTextRequest*>(wire);
  if (facts.model.empty()) {
    return Error::InvalidRequest("missing_value", "palm needs to know which model to call", "model");
  }
  if (auto error = CheckMeaning(request)) return error;
  if (auto error = TakePrompt(request.prompt(), out->mutable_prompt())) return error;
  if (auto error = TakeSampling(request, out, dropped)) return error;
  if (auto error = TakeStop(request.stop(), out)) return error;
  if (request.has_max_tokens()) out->set_max_output_tokens(request.max_tokens());
  NameLost(request, dropped);
  if (request.best_of() > 1 && request.best_of() != request.n()) dropped->emplace_back("best_of");
  for (const api::Extra& extra : request.extra()) {
    if (IsEmptyJson(extra.json())) continue;
    const std::optional<int64_t> number = JsonInteger(extra.json());
    if (extra.name() == "top_k" && number) {
      out->set_top_k(*number);
    } else if (extra.name() == "safetySettings" || extra.name() == "safety_settings") {
      AddExtra("safetySettings", extra.json(), out->mutable_extra());
    } else {
      dropped->push_back(extra.name());
    }
  }
  return std::nullopt;
}

std::optional<Error> CompletionMapping::AnswerToHub(const Message& wire, const CallFacts& facts,
                                                    Message* hub) const {
  const auto& answer = static_cast<const wire::GenerateTextResponse&>(wire);
  auto* out = static_cast<api::Completion*>(hub);
  if (answer.has_error()) return gemini::ErrorInAnswer(answer.error());
  const std::optional<Blocked> blocked = BlockedIn(answer);
  if (answer.candidates().empty() && !blocked) return NoCandidates();
  out->set_id(AnswerId(facts));
  out->set_object("text_completion");
  out->set_created(facts.unix_seconds);
  out->set_model(std::string(facts.model));
  for (const wire::TextCompletion& candidate : answer.candidates()) {
    api::CompletionChoice* const choice = out->add_choices();
    choice->set_index(out->choices_size() - 1);
    choice->set_text(candidate.output());
    choice->set_finish_reason("stop");
    CopyExtras(candidate.extra(), choice);
  }
  if (blocked) {
    api::CompletionChoice* const choice = out->add_choices();
    choice->set_index(0);
    choice->set_text("");
    choice->set_finish_reason("content_filter");
  }
  CopyExtras(answer.extra(), out);
  return std::nullopt;
}

}  // namespace portolan::providers::palm
