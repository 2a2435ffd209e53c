// Guardrails from a hostile world. The input is the JSON of one and a text, with a zero byte between.
// Properties: what is none is named with its path; every check explains itself; arguments that are JSON stay
// JSON; the texts of a request stay where they are; and a text that comes in pieces is judged and changed as
// it is when it comes at once, with nothing leaving that the whole would not have.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "server/codec/json_reader.h"
#include "server/guardrails/guardrail.h"
#include "server/guardrails/json_schema.h"
#include "server/guardrails/window.h"

namespace {

using namespace portolan::guardrails;
using portolan::codec::IsJson;

void Require(bool holds) {
  if (!holds) std::abort();
}

// The arguments of a call in an answer, or its text.
std::string* TextOf(portolan::v1::ChatCompletion* answer, bool is_json) {
  portolan::v1::Message* const message = answer->add_choices()->mutable_message();
  return is_json ? message->add_tool_calls()->mutable_function()->mutable_arguments()
                 : message->mutable_content()->mutable_text();
}

void TryWindow(const Guardrail& guardrail, const CallFacts& facts, std::string_view text, bool is_json) {
  const auto hold = HoldOf(guardrail);
  if (!hold || text.empty()) return;
  portolan::v1::ChatCompletion answer;
  std::string* const whole = TextOf(&answer, is_json);
  *whole = text;
  View view(&answer);
  const GuardrailResult result = RunGuardrail(guardrail, facts, &view);
  // What has no bound, and is longer than the window, may be missed.
  bool is_exact = true;
  std::vector<const Check*> checks;
  std::vector<const CheckResult*> results;
  for (size_t i = 0; i < guardrail.checks.size(); ++i) {
    const Check& check = guardrail.checks[i];
    if (check.looks == Looks::kAtTheCall || !LooksAt(check, "", true)) continue;
    is_exact &= check.longest_match().has_value();
    checks.push_back(&check);
    results.push_back(&result.checks[i]);
  }
  Window window(checks, *hold, {.is_json = is_json});
  std::string left;
  size_t taken = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t length = std::min<size_t>(1 + static_cast<unsigned char>(text[at]) % 11, text.size() - at);
    window.Append(text.substr(at, length));
    at += length;
    Require(window.safe() >= taken && window.safe() + window.held_bytes() == at);
    left += window.Take(window.safe());
    taken = window.safe();
    Require(!is_exact || whole->starts_with(left));
    if (window.denied()) break;
  }
  window.Finish();
  const bool fails =
      std::any_of(results.begin(), results.end(), [](const CheckResult* one) { return !one->passes; });
  if (is_exact) Require(window.denied().has_value() == fails);
  if (window.denied()) {
    Require(!window.Result(*window.denied()).passes);
    return;
  }
  Require(window.safe() == text.size());
  left += window.Take(window.safe());
  if (!is_exact) return;
  Require(left == *whole);
  for (size_t i = 0; i < checks.size(); ++i) {
    const CheckResult told = window.Result(i);
    Require(told.finding.data == results[i]->finding.data && told.transformed == results[i]->transformed);
  }
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
  TryWindow(*guardrail, facts, text, /*is_json=*/false);
  TryWindow(*guardrail, facts, text, /*is_json=*/true);
  return 0;
}
