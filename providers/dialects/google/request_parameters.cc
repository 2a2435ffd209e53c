#include <algorithm>
#include <limits>

#include "providers/dialects/google/request.h"
#include "providers/dialects/google/schema.h"

namespace portolan::providers::gemini {
namespace {

constexpr double kHighestTemperature = 2;
constexpr int kMostStops = 5;

}  // namespace

bool RequestEncoder::RefuseWhatIsMissing() {
  // To leave out a check that the caller relies on would be worse than to refuse.
  if (hub_.has_moderation()) {
    return Fail("unsupported_parameter", "google has no moderation", "moderation");
  }
  if (hub_.has_n() && hub_.n() < 1) return Fail("invalid_value", "expected 1 or more", "n");
  return true;
}

bool RequestEncoder::EncodeSampling() {
  if (hub_.has_temperature() && !(hub_.temperature() >= 0)) {
    return Fail("invalid_value", "a temperature is 0 or more", "temperature");
  }
  if (hub_.has_top_p() && !(hub_.top_p() >= 0 && hub_.top_p() <= 1)) {
    return Fail("unsupported_value", "google takes a top_p from 0 to 1", "top_p");
  }
  if (hub_.has_temperature()) Config()->set_temperature(std::min(hub_.temperature(), kHighestTemperature));
  if (hub_.temperature() > kHighestTemperature) Drop("temperature");
  if (hub_.has_top_p()) Config()->set_top_p(hub_.top_p());
  if (hub_.has_top_k()) Config()->set_top_k(hub_.top_k());
  if (hub_.n() > 1) Config()->set_candidate_count(hub_.n());
  if (hub_.has_max_completion_tokens()) {
    Config()->set_max_output_tokens(hub_.max_completion_tokens());
  } else if (hub_.has_max_tokens()) {
    Config()->set_max_output_tokens(hub_.max_tokens());
  }
  // Some models refuse penalties of any size.
  if (hub_.presence_penalty() != 0) Config()->set_presence_penalty(hub_.presence_penalty());
  if (hub_.frequency_penalty() != 0) Config()->set_frequency_penalty(hub_.frequency_penalty());
  if (hub_.has_seed()) {
    const bool fits = hub_.seed() >= std::numeric_limits<int32_t>::min() &&
                      hub_.seed() <= std::numeric_limits<int32_t>::max();
    if (fits) {
      Config()->set_seed(hub_.seed());
    } else {
      Drop("seed");
    }
  }
  return true;
}

// An empty sequence asks for nothing.
bool RequestEncoder::EncodeStop() {
  if (hub_.stop().kind_case() == api::Stop::kSequence && !hub_.stop().sequence().empty()) {
    Config()->add_stop_sequences(hub_.stop().sequence());
  }
  for (const std::string& sequence : hub_.stop().sequences().items()) {
    if (!sequence.empty()) Config()->add_stop_sequences(sequence);
  }
  if (wire_->generation_config().stop_sequences_size() <= kMostStops) return true;
  return Fail("unsupported_value", "google takes at most 5 stop sequences", "stop");
}

bool RequestEncoder::EncodeResponseFormat() {
  if (!hub_.has_response_format()) return true;
  const api::ResponseFormat& format = hub_.response_format();
  const MemberPath path{nullptr, "response_format"};
  DropExtras(format.extra(), path);
  if (format.type() == "text") return true;
  if (format.type() == "json_object") {
    Config()->set_response_mime_type("application/json");
    return true;
  }
  if (format.type() != "json_schema") {
    return Fail("unsupported_value", "expected text, json_object or json_schema", MemberPath{&path, "type"});
  }
  const MemberPath holder{&path, "json_schema"};
  if (format.json_schema().schema().empty()) {
    return Fail("missing_value", "a schema is needed", MemberPath{&holder, "schema"});
  }
  if (!format.json_schema().description().empty()) Drop(MemberPath{&holder, "description"});
  DropExtras(format.json_schema().extra(), holder);
  Config()->set_response_mime_type("application/json");
  Config()->set_response_json_schema(FitSchema(format.json_schema().schema(), SchemaUse::kAnswer));
  return true;
}

bool RequestEncoder::EncodeModalities() {
  const auto& modalities = hub_.modalities();
  const bool text_only =
      std::all_of(modalities.begin(), modalities.end(), [](const std::string& one) { return one == "text"; });
  bool speaks = false;
  for (int i = 0; i < modalities.size() && !text_only; ++i) {
    const std::string& one = modalities.Get(i);
    if (one != "text" && one != "audio" && one != "image") {
      return Fail("unsupported_value", "expected text, audio or image", MemberPath{nullptr, "modalities", i});
    }
    speaks |= one == "audio";
    Config()->add_response_modalities(one == "text" ? "TEXT" : one == "audio" ? "AUDIO" : "IMAGE");
  }
  if (!hub_.has_audio()) return true;
  const MemberPath path{nullptr, "audio"};
  if (!speaks) {
    Drop(path);
    return true;
  }
  const std::string& format = hub_.audio().format();
  if (!format.empty() && format != "pcm16") {
    return Fail("unsupported_value", "google speaks in pcm16 only", MemberPath{&path, "format"});
  }
  DropExtras(hub_.audio().extra(), path);
  if (!hub_.audio().has_voice()) return true;
  const std::string& voice = hub_.audio().voice().name();
  if (voice.empty()) return Fail("unsupported_value", "expected a voice's name", MemberPath{&path, "voice"});
  Config()->mutable_speech_config()->mutable_voice_config()->mutable_prebuilt_voice_config()->set_voice_name(
      voice);
  return true;
}

void RequestEncoder::EncodeLogprobs() {
  const int64_t count = std::max(hub_.logprobs().count(), hub_.top_logprobs());
  if (!hub_.logprobs().enabled() && count <= 0) return;
  Config()->set_response_logprobs(true);
  if (count > 0) Config()->set_logprobs(count);
}

void RequestEncoder::EncodeServiceTier() {
  const std::string& tier = hub_.service_tier();
  if (tier.empty() || tier == "auto") return;
  if (tier == "default" || tier == "standard") {
    wire_->set_service_tier("standard");
  } else if (tier == "flex" || tier == "priority") {
    wire_->set_service_tier(tier);
  } else {
    Drop("service_tier");
  }
}

// What the model cannot be told, but answers without. Values that ask for nothing are not named.
void RequestEncoder::DropParameters() {
  if (!hub_.logit_bias().empty()) Drop("logit_bias");
  if (hub_.store()) Drop("store");
  if (hub_.has_prediction()) Drop("prediction");
  if (!hub_.verbosity().empty() && hub_.verbosity() != "medium") Drop("verbosity");
  if (!hub_.user().empty()) Drop("user");
  if (!hub_.safety_identifier().empty()) Drop("safety_identifier");
  if (!hub_.prompt_cache_key().empty()) Drop("prompt_cache_key");
  if (hub_.has_prompt_cache_options()) Drop("prompt_cache_options");
  if (!hub_.prompt_cache_retention().empty()) Drop("prompt_cache_retention");
  if (hub_.has_max_tokens() && hub_.has_max_completion_tokens() &&
      hub_.max_tokens() != hub_.max_completion_tokens()) {
    Drop("max_tokens");
  }
  const MemberPath path{nullptr, "metadata"};
  for (const api::StringEntry& entry : hub_.metadata()) Drop(MemberPath{&path, entry.key()});
}

}  // namespace portolan::providers::gemini
