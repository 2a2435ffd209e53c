#include <algorithm>
#include <array>

#include "providers/dialects/cohere/request.h"
#include "providers/dialects/common/text.h"

namespace portolan::providers::cohere {
namespace {

// The API's bounds.
constexpr int kMostStops = 5;
constexpr int64_t kMostTopK = 500;
constexpr double kLeastTopP = 0.01;
constexpr double kMostTopP = 0.99;
constexpr double kMostPenalty = 1;

// Cohere's own members, which pass as the caller wrote them.
constexpr std::array<std::string_view, 3> kNative = {"citation_options", "priority", "safety_mode"};

}  // namespace

bool RequestEncoder::RefuseWhatIsMissing() {
  if (hub_.has_n() && hub_.n() != 1) return Fail("unsupported_value", "cohere gives one answer only", "n");
  for (int i = 0; i < hub_.modalities_size(); ++i) {
    if (hub_.modalities(i) == "text") continue;
    return Fail("unsupported_value", "cohere answers with text only", MemberPath{nullptr, "modalities", i});
  }
  // To leave out a check that the caller relies on would be worse than to refuse.
  if (hub_.has_moderation()) return Fail("unsupported_parameter", "cohere has no moderation", "moderation");
  return true;
}

bool RequestEncoder::EncodeSampling() {
  if (hub_.has_max_completion_tokens()) {
    wire_->set_max_tokens(hub_.max_completion_tokens());
  } else if (hub_.has_max_tokens()) {
    wire_->set_max_tokens(hub_.max_tokens());
  }
  if (hub_.has_seed()) wire_->set_seed(hub_.seed());
  if (hub_.has_temperature()) {
    if (!(hub_.temperature() >= 0)) return Fail("invalid_value", "a temperature is 0 or more", "temperature");
    wire_->set_temperature(hub_.temperature());
  }
  if (hub_.has_top_p()) {
    if (!(hub_.top_p() >= 0 && hub_.top_p() <= 1)) {
      return Fail("invalid_value", "expected a number from 0 to 1", "top_p");
    }
    // 1 is from all tokens, which the highest that Cohere takes all but is.
    wire_->set_p(std::clamp(hub_.top_p(), kLeastTopP, kMostTopP));
    if (wire_->p() != hub_.top_p() && hub_.top_p() != 1) Drop("top_p");
  }
  if (hub_.has_top_k()) {
    wire_->set_k(std::clamp<int64_t>(hub_.top_k(), 0, kMostTopK));
    if (hub_.top_k() > kMostTopK) Drop("top_k");
  }
  const double frequency = Penalty(hub_.frequency_penalty(), "frequency_penalty");
  if (frequency != 0) wire_->set_frequency_penalty(frequency);
  const double presence = Penalty(hub_.presence_penalty(), "presence_penalty");
  if (presence != 0) wire_->set_presence_penalty(presence);
  return true;
}

// Cohere knows no rewards, and less of penalties.
double RequestEncoder::Penalty(double given, std::string_view name) {
  const double fit = std::clamp(given, 0.0, kMostPenalty);
  if (fit != given) Drop(std::string(name));
  return fit;
}

// Sequences of white space alone are left out. An empty one asks for nothing.
bool RequestEncoder::EncodeStop() {
  const auto add = [&](const std::string& sequence, const MemberPath& path) {
    if (!IsBlank(sequence)) {
      wire_->add_stop_sequences(sequence);
    } else if (!sequence.empty()) {
      Drop(path);
    }
  };
  if (hub_.stop().kind_case() == api::Stop::kSequence) add(hub_.stop().sequence(), {nullptr, "stop"});
  const auto& sequences = hub_.stop().sequences().items();
  for (int i = 0; i < sequences.size(); ++i) add(sequences.Get(i), {nullptr, "stop", i});
  if (wire_->stop_sequences_size() <= kMostStops) return true;
  return Fail("unsupported_value", "cohere takes at most 5 stop sequences", "stop");
}

bool RequestEncoder::EncodeLogprobs() {
  if (hub_.top_logprobs() > 0 || hub_.logprobs().count() > 1) {
    return Fail("unsupported_parameter", "cohere tells how likely its own tokens were, not others",
                hub_.top_logprobs() > 0 ? "top_logprobs" : "logprobs");
  }
  if (hub_.logprobs().enabled() || hub_.logprobs().count() > 0) wire_->set_logprobs(true);
  return true;
}

bool RequestEncoder::EncodeResponseFormat() {
  if (!hub_.has_response_format()) return true;
  const api::ResponseFormat& format = hub_.response_format();
  const MemberPath path{nullptr, "response_format"};
  if (format.type() == "text") {
    DropExtras(format.extra(), &path);
    return true;
  }
  if (format.type() != "json_object" && format.type() != "json_schema") {
    return Fail("unsupported_value", "expected text, json_object or json_schema", MemberPath{&path, "type"});
  }
  DropExtras(format.extra(), &path);
  wire::ResponseFormat* out = wire_->mutable_response_format();
  out->set_type("json_object");
  if (format.type() == "json_object") return true;
  const MemberPath holder{&path, "json_schema"};
  const api::JsonSchemaFormat& given = format.json_schema();
  if (given.schema().empty()) {
    return Fail("missing_value", "a schema is needed", MemberPath{&holder, "schema"});
  }
  if (!given.description().empty()) Drop(MemberPath{&holder, "description"});
  DropExtras(given.extra(), &holder);
  out->set_json_schema(given.schema());
  return true;
}

// What the model cannot be told, but answers without. Values that ask for nothing are not named.
void RequestEncoder::DropParameters() {
  if (!hub_.logit_bias().empty()) Drop("logit_bias");
  if (hub_.store()) Drop("store");
  if (hub_.has_audio()) Drop("audio");
  if (hub_.has_prediction()) Drop("prediction");
  if (!hub_.verbosity().empty() && hub_.verbosity() != "medium") Drop("verbosity");
  const std::string& tier = hub_.service_tier();
  if (!tier.empty() && tier != "auto" && tier != "default" && tier != "standard_only") Drop("service_tier");
  if (!hub_.prompt_cache_key().empty()) Drop("prompt_cache_key");
  if (hub_.has_prompt_cache_options()) Drop("prompt_cache_options");
  if (!hub_.prompt_cache_retention().empty()) Drop("prompt_cache_retention");
  if (!hub_.user().empty()) Drop("user");
  if (!hub_.safety_identifier().empty()) Drop("safety_identifier");
  if (hub_.has_max_tokens() && hub_.has_max_completion_tokens() &&
      hub_.max_tokens() != hub_.max_completion_tokens()) {
    Drop("max_tokens");
  }
  const MemberPath path{nullptr, "metadata"};
  for (const api::StringEntry& entry : hub_.metadata()) Drop(MemberPath{&path, entry.key()});
}

bool RequestEncoder::EncodeExtras() {
  for (const api::Extra& extra : hub_.extra()) {
    if (!IsEmptyJson(extra.json()) && !EncodeNative(extra.name(), extra.json())) return false;
  }
  return true;
}

bool RequestEncoder::EncodeNative(std::string_view name, std::string_view json) {
  const bool says_twice = (name == "k" && wire_->has_k()) || (name == "p" && wire_->has_p()) ||
                          (name == "strict_tools" && wire_->has_strict_tools()) ||
                          (name == "stop_sequences" && !wire_->stop_sequences().empty());
  if (says_twice) {
    return Fail("conflicting_parameters", "the request says the same in another way too, which would be lost",
                std::string(name));
  }
  if (name == "documents") {
    if (!IsJsonArray(json)) return Fail("invalid_value", "expected an array", "documents");
    ForEachElement(json, [&](std::string_view document) { wire_->add_documents(std::string(document)); });
    return true;
  }
  const bool spelt_otherwise =
      name == "k" || name == "p" || name == "strict_tools" || name == "stop_sequences";
  if (spelt_otherwise || std::find(kNative.begin(), kNative.end(), name) != kNative.end()) {
    AddExtra(name, std::string(json), wire_->mutable_extra());
  } else {
    Drop(std::string(name));
  }
  return true;
}

}  // namespace portolan::providers::cohere
