// Guardrails from a hostile world. The input is the JSON of one and a text, with a zero byte between.
// Properties: what is none is named with its path; every check explains itself; arguments that are JSON stay
// JSON; the texts of a request stay where they are.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "server/codec/json_reader.h"
#include "server/guardrails/guardrail.h"
#include "server/guardrails/json_schema.h"

namespace {

using namespace portolan::guardrails;
using portolan::codec::IsJson;

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t zero = input.find('\0');
  if (zero == std::string_view::npos) return 0;
  const auto json = ParseJson(input.substr(0, zero));
  if (!json) return 0;
  Problem problem;
  const auto guardrail = ReadGuardrail(*json, "g", &problem);
  Require(guardrail.has_value() == problem.message.empty());
  Require(guardrail || problem.path.starts_with("g"));
  if (!guardrail) return 0;

  const std::string text(input.substr(zero + 1));
  portolan::v1::ChatCompletionRequest request;
  portolan::v1::Message* const message = request.add_messages();
  message->set_role("user");
  message->mutable_content()->set_text(text);
  portolan::v1::FunctionCall* const call = message->add_tool_calls()->mutable_function();
  call->set_arguments(text);
  const bool was_json = IsJson(text);
  View view(&request);
  const size_t pieces = view.pieces().size();
  const CallFacts facts{"model", "chatComplete", *json};
  const GuardrailResult result = RunGuardrail(*guardrail, facts, &view);
  for (const CheckResult& check : result.checks) Require(check.finding.data.contains("explanation"));
  Require(view.pieces().size() >= pieces || result.transformed);
  if (was_json && (text.starts_with('{') || text.starts_with('['))) {
    for (const auto& one : request.messages()) {
      if (one.tool_calls_size() > 0) Require(IsJson(one.tool_calls(0).function().arguments()));
    }
  }
  return 0;
}
