#include "providers/dialects/ollama/options.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "providers/dialects/common/json.h"

namespace portolan::providers::ollama {
namespace {

namespace api = ::portolan::v1;
namespace wire = ::ollama::v1;

// `Options` of ollama 0.6 (npm), but for those that OpenAI's chat has by the same name.
constexpr std::array<std::string_view, 25> kOptions = {
    "numa",           "num_ctx",        "num_batch",    "num_gpu",       "main_gpu",
    "low_vram",       "f16_kv",         "logits_all",   "vocab_only",    "use_mmap",
    "use_mlock",      "embedding_only", "num_thread",   "num_keep",      "num_predict",
    "min_p",          "tfs_z",          "typical_p",    "repeat_last_n", "top_k",
    "repeat_penalty", "mirostat",       "mirostat_tau", "mirostat_eta",  "penalize_newline"};

void AddStop(const api::Stop& stop, wire::Options* out) {
  const auto add = [&](const std::string& sequence) {
    if (!sequence.empty()) out->add_stop(sequence);
  };
  if (stop.kind_case() == api::Stop::kSequence) add(stop.sequence());
  for (const std::string& sequence : stop.sequences().items()) add(sequence);
}

// An option that stands twice counts as it was said last.
void Forget(std::string_view name, wire::Options* out) {
  if (name == "num_predict") out->clear_num_predict();
  if (name == "temperature") out->clear_temperature();
  if (name == "top_p") out->clear_top_p();
  if (name == "top_k") out->clear_top_k();
  if (name == "seed") out->clear_seed();
  if (name == "presence_penalty") out->clear_presence_penalty();
  if (name == "frequency_penalty") out->clear_frequency_penalty();
  if (name == "stop") out->clear_stop();
  auto* const extra = out->mutable_extra();
  extra->erase(
      std::remove_if(extra->begin(), extra->end(), [&](const api::Extra& one) { return one.name() == name; }),
      extra->end());
}

}  // namespace

bool IsOption(std::string_view name) {
  return std::find(kOptions.begin(), kOptions.end(), name) != kOptions.end();
}

void TakeChatOptions(const api::ChatCompletionRequest& hub, wire::Options* out) {
  if (hub.has_max_completion_tokens()) {
    out->set_num_predict(hub.max_completion_tokens());
  } else if (hub.has_max_tokens()) {
    out->set_num_predict(hub.max_tokens());
  }
  if (hub.has_temperature()) out->set_temperature(hub.temperature());
  if (hub.has_top_p()) out->set_top_p(hub.top_p());
  if (hub.has_top_k()) out->set_top_k(hub.top_k());
  if (hub.has_seed()) out->set_seed(hub.seed());
  if (hub.has_presence_penalty()) out->set_presence_penalty(hub.presence_penalty());
  if (hub.has_frequency_penalty()) out->set_frequency_penalty(hub.frequency_penalty());
  AddStop(hub.stop(), out);
}

std::optional<Error> TakeOwnOptions(std::string_view json, wire::Options* out) {
  if (!IsJsonObject(json))
    return Error::InvalidRequest("invalid_value", "options: expected an object", "options");
  ForEachMember(json, [&](std::string_view name, std::string_view value) { TakeOption(name, value, out); });
  return std::nullopt;
}

void TakeOption(std::string_view name, std::string_view json, wire::Options* out) {
  Forget(name, out);
  if (json != "null") AddExtra(name, std::string(json), out->mutable_extra());
}

}  // namespace portolan::providers::ollama
