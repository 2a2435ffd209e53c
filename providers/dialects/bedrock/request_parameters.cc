#include <algorithm>
#include <array>

#include "providers/dialects/bedrock/request.h"
#include "providers/dialects/common/text.h"
#include "server/base/text.h"

namespace portolan::providers::bedrock {
namespace {

constexpr double kHighestTemperature = 1;

constexpr std::string_view kJsonMode =
    "Answer with one JSON object and nothing else: no text around it and no code fence.";

// Converse's own members, which pass as the caller wrote them, also spelt as OpenAI's are.
struct Native {
  std::string_view name;
  std::string_view snake;
};
constexpr Native kNative[] = {{"additionalModelRequestFields", "additional_model_request_fields"},
                              {"additionalModelResponseFieldPaths", "additional_model_response_field_paths"},
                              {"guardrailConfig", "guardrail_config"},
                              {"outputConfig", "output_config"},
                              {"performanceConfig", "performance_config"},
                              {"promptVariables", "prompt_variables"},
                              {"requestMetadata", "request_metadata"},
                              {"serviceTier", {}}};

// Of requestMetadata, as botocore has them.
constexpr size_t kMostMetadata = 16;
constexpr size_t kLongestMetadata = 256;

bool FitsMetadata(std::string_view text) {
  constexpr std::string_view kMarks = ":_@$#=/+,-. \t\n\r\f\v";
  return text.size() <= kLongestMetadata && std::all_of(text.begin(), text.end(), [&](char c) {
           return IsLetterOrDigit(c) || kMarks.find(c) != std::string_view::npos;
         });
}

}  // namespace

bool RequestEncoder::RefuseWhatIsMissing() {
  if (hub_.has_n() && hub_.n() != 1) return Fail("unsupported_value", "bedrock gives one answer only", "n");
  if (hub_.logprobs().enabled() || hub_.logprobs().count() > 0) {
    return Fail("unsupported_parameter", "bedrock reports no log probabilities", "logprobs");
  }
  if (hub_.top_logprobs() > 0) {
    return Fail("unsupported_parameter", "bedrock reports no log probabilities", "top_logprobs");
  }
  for (int i = 0; i < hub_.modalities_size(); ++i) {
    if (hub_.modalities(i) == "text") continue;
    return Fail("unsupported_value", "bedrock answers with text only", MemberPath{nullptr, "modalities", i});
  }
  // To leave out a check that the caller relies on would be worse than to refuse.
  if (hub_.has_moderation()) return Fail("unsupported_parameter", "bedrock has no moderation", "moderation");
  return true;
}

void RequestEncoder::EncodeMaxTokens() {
  if (hub_.has_max_completion_tokens()) {
    wire_->mutable_inference_config()->set_max_tokens(hub_.max_completion_tokens());
  } else if (hub_.has_max_tokens()) {
    wire_->mutable_inference_config()->set_max_tokens(hub_.max_tokens());
  }
}

bool RequestEncoder::EncodeSampling() {
  const bool tempered = hub_.has_temperature();
  if (tempered && !(hub_.temperature() >= 0)) {
    return Fail("invalid_value", "a temperature is 0 or more", "temperature");
  }
  if (hub_.has_top_p() && !(hub_.top_p() >= 0 && hub_.top_p() <= 1)) {
    return Fail("unsupported_value", "bedrock takes a top_p from 0 to 1", "top_p");
  }
  if (thinking_is_derived_ || (model_.is_claude && !model_.claude.sampling)) {
    // 1 is what the model does by itself.
    if (tempered && hub_.temperature() != 1) Drop("temperature");
    if (hub_.has_top_p() && hub_.top_p() != 1) Drop("top_p");
    if (hub_.has_top_k()) Drop("top_k");
    return true;
  }
  if (tempered) {
    wire_->mutable_inference_config()->set_temperature(std::min(hub_.temperature(), kHighestTemperature));
  }
  if (hub_.temperature() > kHighestTemperature) Drop("temperature");
  if (hub_.has_top_k()) EncodeTopK();
  if (!hub_.has_top_p()) return true;
  if (!(model_.is_claude && model_.claude.one_of_sampling) || !tempered) {
    wire_->mutable_inference_config()->set_top_p(hub_.top_p());
  } else if (hub_.top_p() != 1) {
    Drop("top_p");
  }
  return true;
}

// Each maker calls it something else.
void RequestEncoder::EncodeTopK() {
  const std::string count = std::to_string(hub_.top_k());
  if (model_.is_claude || model_.is_mistral || model_.is_unknown) {
    AddField("top_k", count);
  } else if (model_.is_nova) {
    AddField("inferenceConfig", JsonObjectOf("topK", count));
  } else {
    Drop("top_k");
  }
}

// Sequences of white space alone are refused. An empty one asks for nothing.
void RequestEncoder::EncodeStop() {
  const auto add = [&](const std::string& sequence, const MemberPath& path) {
    if (!IsBlank(sequence)) {
      wire_->mutable_inference_config()->add_stop_sequences(sequence);
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
  DropExtras(format.extra(), &path);
  if (format.type() == "text") return true;
  if (format.type() == "json_object") {
    AddSystemText(kJsonMode);
    return true;
  }
  if (format.type() != "json_schema") {
    return Fail("unsupported_value", "expected text, json_object or json_schema", MemberPath{&path, "type"});
  }
  const MemberPath holder{&path, "json_schema"};
  const api::JsonSchemaFormat& given = format.json_schema();
  if (given.schema().empty())
    return Fail("missing_value", "a schema is needed", MemberPath{&holder, "schema"});
  DropExtras(given.extra(), &holder);
  wire::TextFormat* out = wire_->mutable_output_config()->mutable_text_format();
  out->set_type("json_schema");
  wire::JsonSchema* schema = out->mutable_structure()->mutable_json_schema();
  schema->set_schema(given.schema());
  if (!given.name().empty()) schema->set_name(given.name());
  if (!given.description().empty()) schema->set_description(given.description());
  return true;
}

// Notes that the provider keeps in its logs.
void RequestEncoder::EncodeMetadata() {
  const MemberPath path{nullptr, "metadata"};
  for (const api::StringEntry& entry : hub_.metadata()) {
    const bool fits = !entry.key().empty() && FitsMetadata(entry.key()) && FitsMetadata(entry.value()) &&
                      static_cast<size_t>(wire_->request_metadata_size()) < kMostMetadata;
    if (fits) {
      *wire_->add_request_metadata() = entry;
    } else {
      Drop(MemberPath{&path, entry.key()});
    }
  }
}

void RequestEncoder::EncodeServiceTier() {
  const std::string& tier = hub_.service_tier();
  if (tier.empty() || tier == "auto") return;
  if (tier == "default" || tier == "flex" || tier == "priority" || tier == "reserved") {
    wire_->mutable_service_tier()->set_type(tier);
  } else if (tier == "standard_only") {  // Anthropic's word
    wire_->mutable_service_tier()->set_type("default");
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
  if (!hub_.user().empty()) Drop("user");
  if (!hub_.safety_identifier().empty()) Drop("safety_identifier");
  if (hub_.has_max_tokens() && hub_.has_max_completion_tokens() &&
      hub_.max_tokens() != hub_.max_completion_tokens()) {
    Drop("max_tokens");
  }
}

bool RequestEncoder::EncodeExtras() {
  std::string_view fields;
  std::string_view fields_name = kNative[0].name;
  for (const api::Extra& extra : hub_.extra()) {
    if (IsEmptyJson(extra.json())) continue;
    const std::string& name = extra.name();
    const auto* const native = std::find_if(std::begin(kNative), std::end(kNative), [&](const Native& one) {
      return name == one.name || name == one.snake;
    });
    if (native == std::end(kNative)) {
      Drop(name);
      continue;
    }
    const bool twice = (native->name == "outputConfig" && wire_->has_output_config()) ||
                       (native->name == "requestMetadata" && !wire_->request_metadata().empty()) ||
                       (native->name == "serviceTier" && wire_->has_service_tier()) ||
                       !FindExtra(wire_->extra(), native->name).empty() ||
                       (native == &kNative[0] && !fields.empty());
    if (twice) {
      return Fail("conflicting_parameters",
                  "the request says the same in another way too, which would be lost", name);
    }
    if (native == &kNative[0]) {
      fields = extra.json();
      fields_name = name;
    } else {
      AddExtra(native->name, extra.json(), wire_->mutable_extra());
    }
  }
  return MergeAdditionalFields(fields, fields_name);
}

// What the caller says to the model itself, and what follows from other members.
bool RequestEncoder::MergeAdditionalFields(std::string_view given, std::string_view name) {
  if (!given.empty() && !IsJsonObject(given)) {
    return Fail("invalid_value", "expected an object", std::string(name));
  }
  std::string merged = "{";
  const auto add = [&](std::string_view member, std::string_view value) {
    if (merged.size() > 1) merged += ',';
    merged.append(JsonString(member)).append(":").append(value);
  };
  std::string twice;
  ForEachMember(given, [&](std::string_view member, std::string_view value) {
    add(member, value);
    const auto same = std::find_if(fields_.begin(), fields_.end(),
                                   [&](const auto& field) { return field.first == member; });
    if (same != fields_.end()) twice = member;
  });
  if (!twice.empty()) {
    return Fail("conflicting_parameters", "the request says the same in another way too, which would be lost",
                std::string(name) + "." + twice);
  }
  for (const auto& [member, value] : fields_) add(member, value);
  if (merged.size() > 1) wire_->set_additional_model_request_fields(merged + "}");
  return true;
}

}  // namespace portolan::providers::bedrock
