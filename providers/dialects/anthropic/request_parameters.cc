#include <algorithm>
#include <array>
#include <limits>

#include "providers/dialects/anthropic/request.h"
#include "providers/dialects/common/text.h"

namespace portolan::providers::anthropic {
namespace {

// An answer that is not streamed must be done within ten minutes; this many tokens are sure to be (the rate
// that Anthropic's own SDKs reckon with is 128,000 an hour).
constexpr int64_t kMostUnstreamedTokens = 21333;

// Members that Anthropic's API has and OpenAI's has not: they pass as the caller wrote them.
constexpr std::array<std::string_view, 10> kNativeMembers = {
    "cache_control", "container",     "context_management", "diagnostics",
    "inference_geo", "mcp_servers",   "output_config",      "speed",
    "system",        "stop_sequences"};

constexpr double kHighestTemperature = 1;

constexpr std::string_view kJsonMode =
    "Answer with one JSON object and nothing else: no text around it and no code fence.";

}  // namespace

bool RequestEncoder::RefuseWhatIsMissing() {
  if (hub_.has_n() && hub_.n() != 1) return Fail("unsupported_value", "anthropic gives one answer only", "n");
  if (hub_.logprobs().enabled() || hub_.logprobs().count() > 0)
    return Fail("unsupported_parameter", "anthropic reports no log probabilities", "logprobs");
  if (hub_.top_logprobs() > 0) {
    return Fail("unsupported_parameter", "anthropic reports no log probabilities", "top_logprobs");
  }
  for (int i = 0; i < hub_.modalities_size(); ++i) {
    if (hub_.modalities(i) == "text") continue;
    return Fail("unsupported_value", "anthropic answers with text only",
                MemberPath{nullptr, "modalities", i});
  }
  // To leave out a check that the caller relies on would be worse than to refuse.
  if (hub_.has_moderation())
    return Fail("unsupported_parameter", "anthropic has no moderation", "moderation");
  return true;
}

void RequestEncoder::EncodeMaxTokens() {
  if (hub_.has_max_completion_tokens()) {
    wire_->set_max_tokens(hub_.max_completion_tokens());
  } else if (hub_.has_max_tokens()) {
    wire_->set_max_tokens(hub_.max_tokens());
  } else {
    const int64_t most = traits_.max_output_tokens;
    wire_->set_max_tokens(facts_.stream ? most : std::min(most, kMostUnstreamedTokens));
  }
}

// A caller that sets a budget but no limit wants at least the budget.
void RequestEncoder::RaiseMaxTokens(int64_t budget) {
  if (hub_.has_max_completion_tokens() || hub_.has_max_tokens()) return;
  if (budget < wire_->max_tokens()) return;
  const int64_t least = budget == std::numeric_limits<int64_t>::max() ? budget : budget + 1;
  wire_->set_max_tokens(std::max(least, traits_.max_output_tokens));
}

bool RequestEncoder::EncodeSampling() {
  const bool tempered = hub_.has_temperature();
  if (tempered && !(hub_.temperature() >= 0)) {
    return Fail("invalid_value", "a temperature is 0 or more", "temperature");
  }
  if (hub_.has_top_p() && !(hub_.top_p() >= 0 && hub_.top_p() <= 1)) {
    return Fail("unsupported_value", "anthropic takes a top_p from 0 to 1", "top_p");
  }
  if (!traits_.sampling || thinking_is_derived_) {
    // 1 is what the model does by itself.
    if (tempered && hub_.temperature() != 1) Drop("temperature");
    if (hub_.has_top_p() && hub_.top_p() != 1) Drop("top_p");
    if (hub_.has_top_k()) Drop("top_k");
    return true;
  }
  if (tempered) wire_->set_temperature(std::min(hub_.temperature(), kHighestTemperature));
  if (hub_.temperature() > kHighestTemperature) Drop("temperature");
  if (hub_.has_top_k()) wire_->set_top_k(hub_.top_k());
  if (!hub_.has_top_p()) return true;
  if (!traits_.one_of_sampling || !tempered) {
    wire_->set_top_p(hub_.top_p());
  } else if (hub_.top_p() != 1) {
    Drop("top_p");
  }
  return true;
}

// The API refuses sequences of white space alone. An empty one asks for nothing.
void RequestEncoder::EncodeStop() {
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
}

bool RequestEncoder::EncodeResponseFormat() {
  if (!hub_.has_response_format()) return true;
  const api::ResponseFormat& format = hub_.response_format();
  const MemberPath path{nullptr, "response_format"};
  TakeExtras(format.extra(), {}, &path, nullptr);
  if (format.type() == "text") return true;
  if (format.type() == "json_object") {
    AddSystemText(kJsonMode);
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
  TakeExtras(format.json_schema().extra(), {}, &holder, nullptr);
  wire::OutputFormat* out = wire_->mutable_output_config()->mutable_format();
  out->set_type("json_schema");
  out->set_schema(format.json_schema().schema());
  return true;
}

// One name for the end user: the one in `metadata` is Anthropic's own spelling, `user` OpenAI's older one.
void RequestEncoder::EncodeUserId() {
  const MemberPath path{nullptr, "metadata"};
  for (const api::StringEntry& entry : hub_.metadata()) {
    if (entry.key() == "user_id") {
      wire_->mutable_metadata()->set_user_id(entry.value());
    } else {
      Drop(MemberPath{&path, entry.key()});
    }
  }
  const auto use = [&](const std::string& name, std::string_view member) {
    if (name.empty()) return;
    if (!wire_->has_metadata()) {
      wire_->mutable_metadata()->set_user_id(name);
    } else if (wire_->metadata().user_id() != name) {
      Drop(std::string(member));
    }
  };
  use(hub_.user(), "user");
  use(hub_.safety_identifier(), "safety_identifier");
}

void RequestEncoder::EncodeServiceTier() {
  const std::string& tier = hub_.service_tier();
  if (tier.empty()) return;
  if (tier == "auto" || tier == "priority") {
    wire_->set_service_tier("auto");  // priority capacity if the account has any
  } else if (tier == "default" || tier == "standard_only") {
    wire_->set_service_tier("standard_only");
  } else {
    Drop("service_tier");
  }
}

// What the model cannot be told, but answers without. Values that ask for nothing are not named.
void RequestEncoder::DropParameters() {
  if (hub_.frequency_penalty() != 0) Drop("frequency_penalty");
  if (hub_.presence_penalty() != 0) Drop("presence_penalty");
  if (!hub_.logit_bias().empty()) Drop("logit_bias");
  if (hub_.has_seed()) Drop("seed");
  if (hub_.store()) Drop("store");
  if (hub_.has_audio()) Drop("audio");
  if (hub_.has_prediction()) Drop("prediction");
  if (!hub_.verbosity().empty() && hub_.verbosity() != "medium") Drop("verbosity");
  if (!hub_.prompt_cache_key().empty()) Drop("prompt_cache_key");
  if (hub_.has_prompt_cache_options()) Drop("prompt_cache_options");
  if (!hub_.prompt_cache_retention().empty()) Drop("prompt_cache_retention");
  if (hub_.has_max_tokens() && hub_.has_max_completion_tokens() &&
      hub_.max_tokens() != hub_.max_completion_tokens()) {
    Drop("max_tokens");
  }
}

bool RequestEncoder::EncodeExtras() {
  TakeExtras(hub_.extra(), kNativeMembers, nullptr, wire_->mutable_extra());
  MendNativeMembers();
  for (const api::Extra& extra : wire_->extra()) {
    const std::string& name = extra.name();
    const bool twice = (name == "system" && wire_->has_system()) ||
                       (name == "stop_sequences" && !wire_->stop_sequences().empty()) ||
                       (name == "output_config" && wire_->has_output_config());
    if (twice) {
      return Fail("conflicting_parameters",
                  "the request says the same in another way too, which would be lost", name);
    }
  }
  return true;
}

}  // namespace portolan::providers::anthropic
