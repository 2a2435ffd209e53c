#include "providers/dialects/ollama/request.h"

#include "providers/dialects/ollama/options.h"

namespace portolan::providers::ollama {

std::optional<Error> RequestEncoder::Run() {
  if (facts_.model.empty()) {
    return Error::InvalidRequest("missing_value", "ollama needs to know which model to call", "model");
  }
  wire_->set_model(std::string(facts_.model));
  wire_->set_stream(facts_.stream);
  const bool ok = RefuseWhatIsMissing() && EncodeMessages() && EncodeTools() && EncodeToolChoice() &&
                  EncodeResponseFormat() && EncodeEffort();
  if (!ok) return std::move(error_);
  EncodeLogprobs();
  TakeChatOptions(hub_, wire_->mutable_options());
  DropParameters();
  if (!EncodeExtras()) return std::move(error_);
  if (wire_->options().ByteSizeLong() == 0) wire_->clear_options();
  return std::nullopt;
}

bool RequestEncoder::RefuseWhatIsMissing() {
  if (hub_.has_n() && hub_.n() != 1) return Fail("unsupported_value", "ollama gives one answer only", "n");
  for (int i = 0; i < hub_.modalities_size(); ++i) {
    if (hub_.modalities(i) == "text") continue;
    return Fail("unsupported_value", "ollama answers with text only", MemberPath{nullptr, "modalities", i});
  }
  if (hub_.has_moderation()) return Fail("unsupported_parameter", "ollama has no moderation", "moderation");
  if (hub_.has_web_search_options()) {
    return Fail("unsupported_parameter", "ollama does not search the web", "web_search_options");
  }
  return true;
}

bool RequestEncoder::EncodeTools() {
  for (int i = 0; i < hub_.tools_size(); ++i) {
    const MemberPath path{nullptr, "tools", i};
    const api::Tool& tool = hub_.tools(i);
    if (!tool.has_function()) {
      return Fail("unsupported_value", "ollama has no tools of type \"" + tool.type() + "\"",
                  MemberPath{&path, "type"});
    }
    DropExtras(tool.extra(), &path);
    if (!EncodeFunction(tool.function(), MemberPath{&path, "function"})) return false;
  }
  for (int i = 0; i < hub_.functions_size(); ++i) {
    if (!EncodeFunction(hub_.functions(i), MemberPath{nullptr, "functions", i})) return false;
  }
  return true;
}

bool RequestEncoder::EncodeFunction(const api::FunctionDefinition& function, const MemberPath& path) {
  const std::string& parameters = function.parameters();
  if (!parameters.empty() && !IsJsonObject(parameters) && !IsEmptyJson(parameters)) {
    return Fail("invalid_value", "expected a JSON Schema object", MemberPath{&path, "parameters"});
  }
  wire::Tool* tool = wire_->add_tools();
  tool->set_type("function");
  tool->mutable_function()->set_name(function.name());
  if (!function.description().empty()) tool->mutable_function()->set_description(function.description());
  if (IsJsonObject(parameters)) tool->mutable_function()->set_parameters(parameters);
  if (function.strict()) Drop(MemberPath{&path, "strict"});
  DropExtras(function.extra(), &path);
  return true;
}

// The API has no choice: a model may always call what it is offered.
bool RequestEncoder::EncodeToolChoice() {
  const bool deprecated = hub_.has_function_call() && !hub_.has_tool_choice();
  const std::string name = deprecated ? "function_call" : "tool_choice";
  const std::string& mode = deprecated ? hub_.function_call().mode() : hub_.tool_choice().mode();
  const bool is_object = deprecated ? hub_.function_call().has_function() : hub_.tool_choice().has_named();
  if (is_object || (!mode.empty() && mode != "auto" && mode != "none")) {
    return Fail("unsupported_value", "ollama cannot be made to call a tool", name);
  }
  if (mode == "none") wire_->clear_tools();
  if (hub_.has_parallel_tool_calls() && !hub_.parallel_tool_calls() && !wire_->tools().empty()) {
    Drop("parallel_tool_calls");
  }
  return true;
}

bool RequestEncoder::EncodeResponseFormat() {
  if (!hub_.has_response_format()) return true;
  const api::ResponseFormat& format = hub_.response_format();
  const MemberPath path{nullptr, "response_format"};
  DropExtras(format.extra(), &path);
  if (format.type() == "text") return true;
  if (format.type() == "json_object") {
    wire_->set_format("\"json\"");
    return true;
  }
  if (format.type() != "json_schema") {
    return Fail("unsupported_value", "expected text, json_object or json_schema", MemberPath{&path, "type"});
  }
  const MemberPath holder{&path, "json_schema"};
  const api::JsonSchemaFormat& given = format.json_schema();
  if (!IsJsonObject(given.schema())) {
    return Fail("missing_value", "a schema is needed", MemberPath{&holder, "schema"});
  }
  if (!given.description().empty()) Drop(MemberPath{&holder, "description"});
  DropExtras(given.extra(), &holder);
  wire_->set_format(given.schema());
  return true;
}

void RequestEncoder::EncodeLogprobs() {
  const api::LogprobsChoice& given = hub_.logprobs();
  if (given.enabled() || given.count() > 0) wire_->set_logprobs(true);
  if (given.count() > 0) wire_->set_top_logprobs(given.count());
  if (hub_.has_top_logprobs()) wire_->set_top_logprobs(hub_.top_logprobs());
}

// Three levels and none.
bool RequestEncoder::EncodeEffort() {
  const std::string& effort = hub_.reasoning_effort();
  if (effort.empty()) return true;
  if (effort == "none") {
    wire_->set_think("false");
  } else if (effort == "low" || effort == "minimal") {
    wire_->set_think("\"low\"");
  } else if (effort == "medium") {
    wire_->set_think("\"medium\"");
  } else if (effort == "high" || effort == "xhigh" || effort == "max") {
    wire_->set_think("\"high\"");
  } else {
    return Fail("invalid_value",
                "expected none, minimal, low, medium, high, xhigh or max; got \"" + effort + "\"",
                "reasoning_effort");
  }
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
  if (!tier.empty() && tier != "auto" && tier != "default") Drop("service_tier");
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
  // The names beside OpenAI's members count before those in `options`, which are the more exact.
  for (const api::Extra& extra : hub_.extra()) {
    const std::string& name = extra.name();
    if (name == "options") continue;
    if (IsOption(name)) {
      TakeOption(name, extra.json(), wire_->mutable_options());
    } else if (name == "keep_alive") {
      wire_->set_keep_alive(extra.json());
    } else if (name == "think") {
      wire_->set_think(extra.json());
    } else if (name == "format") {
      wire_->set_format(extra.json());
    } else if (!IsEmptyJson(extra.json())) {
      Drop(name);
    }
  }
  const std::string_view options = FindExtra(hub_.extra(), "options");
  if (options.empty() || options == "null") return true;
  error_ = TakeOwnOptions(options, wire_->mutable_options());
  return !error_;
}

bool RequestEncoder::Fail(std::string code, std::string message, std::string path) {
  error_ = Error::InvalidRequest(std::move(code), std::move(message), std::move(path));
  return false;
}

void RequestEncoder::DropExtras(const Extras& extras, const MemberPath* parent) {
  for (const api::Extra& extra : extras) {
    if (!IsEmptyJson(extra.json())) Drop(MemberPath{parent, extra.name()});
  }
}

}  // namespace portolan::providers::ollama
