#include "server/routing/hook_cache.h"

#include <string_view>
#include <utility>

#include "server/guardrails/guardrail_list.h"

namespace portolan::routing {
namespace {

using guardrails::GuardrailList;
using guardrails::Hooks;

// More than this means that headers do not come back: all are dropped, and the cache begins anew.
constexpr size_t kMaxBytes = 2 << 20;
constexpr size_t kMaxChecks = 256;  // of one call's headers

Error Invalid(const char* header, const std::string& path, const std::string& problem) {
  return Error::InvalidRequest("invalid_config", path + ": " + problem, header);
}

std::optional<Error> Read(std::string_view text, const char* header, const guardrails::NamedGuardrails& named,
                          guardrails::ListNotes* notes, GuardrailList* out) {
  guardrails::Problem problem;
  if (!ReadGuardrailList(text, header, {}, named, out, notes, &problem)) {
    return Invalid(header, problem.path, problem.message);
  }
  if (notes->checks <= kMaxChecks) return std::nullopt;
  return Invalid(header, header, "the headers' guardrails hold at most 256 checks");
}

}  // namespace

std::optional<Error> HookCache::FromHeaders(const RequestHeaders& headers,
                                            std::shared_ptr<const Hooks>* out) {
  // No header holds a NUL.
  std::string key(headers.default_input_guardrails());
  key += '\0';
  key += headers.default_output_guardrails();
  if (const auto found = hooks_.find(key); found != hooks_.end()) {
    *out = found->second;
    return std::nullopt;
  }
  auto hooks = std::make_shared<Hooks>();
  guardrails::ListNotes notes;
  std::optional<Error> error = Read(headers.default_input_guardrails(), "x-portolan-default-input-guardrails",
                                    guardrails_, &notes, &hooks->input);
  if (error) return error;
  error = Read(headers.default_output_guardrails(), "x-portolan-default-output-guardrails", guardrails_,
               &notes, &hooks->output);
  if (error) return error;
  hooks->without_effect = std::move(notes.without_effect);
  *out = hooks->empty() ? nullptr : std::move(hooks);
  Keep(std::move(key), notes.checks, *out);
  return std::nullopt;
}

void HookCache::Keep(std::string key, size_t checks, std::shared_ptr<const Hooks> hooks) {
  const size_t bytes = key.size() + checks * kBytesOfCheck;
  if (bytes_ + bytes > kMaxBytes) {
    hooks_.clear();
    bytes_ = 0;
  }
  bytes_ += bytes;
  hooks_.emplace(std::move(key), std::move(hooks));
}

}  // namespace portolan::routing
