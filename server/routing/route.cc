#include "server/routing/route.h"

#include <algorithm>

#include "server/base/json_text.h"
#include "server/codec/json_reader.h"
#include "server/routing/leaf_config.h"
#include "server/routing/timeout.h"

namespace portolan::routing {
namespace {

using providers::Provider;
using providers::Shape;

std::string Quote(std::string_view text) {
  std::string out;
  AppendJsonString(text, &out);
  return out;
}

std::string KnownNames(const providers::Registry& registry) {
  std::string names;
  for (const auto& provider : registry.all()) {
    if (!names.empty()) names += ", ";
    names += provider->name();
  }
  return names;
}

// `openai_organization` from x-portkey-openai-organization, or from a native header of that name.
bool NameMatches(std::string_view option, std::string_view header) {
  return option.size() == header.size() &&
         std::equal(option.begin(), option.end(), header.begin(),
                    [](char a, char b) { return a == b || (a == '_' && b == '-'); });
}

bool FitForHeader(std::string_view value) {
  return std::all_of(value.begin(), value.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

class Chooser {
 public:
  Chooser(const RoutePolicy& policy, const RouteRequest& request, Route* out)
      : policy_(policy), request_(request), out_(*out) {}

  std::optional<Error> Run() {
    if (!request_.headers.config.empty()) {
      if (auto error = ParseLeafConfig(request_.headers.config, &config_)) return error;
    }
    out_.index = config_.index;
    out_.ignored = config_.ignored;
    out_.strict_open_ai_compliance = config_.strict_open_ai_compliance.value_or(true);
    if (auto error = ChooseProvider()) return error;
    if (auto error = ChooseHost()) return error;
    ChooseCredentials();
    if (auto error = TakeOptions()) return error;
    if (auto error = ChooseTimeout()) return error;
    return CheckUsable();
  }

 private:
  std::optional<Error> ChooseProvider() {
    std::string_view name =
        request_.provider ? std::string_view(*request_.provider) : request_.headers.provider;
    if (name.empty()) name = config_.provider;
    out_.model = std::string(request_.model);
    out_.edits = config_.override_params;
    for (const codec::Edit& edit : out_.edits) {
      if (edit.name == "model") TakeModelOverride(edit.json);
    }
    if (name.empty()) name = TakePrefix();
    // Without a provider, the list is that of the gateway itself.
    if (name.empty() && request_.operation == providers::Operation::kListModels) name = "echo";
    if (name.empty()) name = policy_.default_provider;
    out_.target.provider = policy_.registry->Find(name);
    if (out_.target.provider == nullptr) {
      return Error::InvalidRequest(
          "unknown_provider",
          "there is no provider called " + Quote(name) + "; known are " + KnownNames(*policy_.registry),
          "x-portolan-provider");
    }
    return std::nullopt;
  }

  void TakeModelOverride(std::string_view json) {
    codec::JsonReader reader(json);
    std::string scratch;
    std::string_view model;
    if (reader.Peek() == codec::JsonType::kString && reader.ReadString(&model, &scratch)) out_.model = model;
  }

  // `anthropic/claude-…`: the prefix counts if it is a provider's name, and is taken off.
  std::string_view TakePrefix() {
    const size_t slash = out_.model.find('/');
    if (slash == std::string::npos) return {};
    const Provider* provider = policy_.registry->Find(std::string_view(out_.model).substr(0, slash));
    if (provider == nullptr) return {};
    out_.model.erase(0, slash + 1);
    out_.edits.push_back({codec::Edit::Kind::kSet, "model", Quote(out_.model)});
    return provider->name();
  }

  std::optional<Error> ChooseHost() {
    std::string_view host =
        request_.custom_host ? std::string_view(*request_.custom_host) : request_.headers.custom_host;
    if (host.empty()) host = config_.custom_host;
    while (host.ends_with('/')) host.remove_suffix(1);
    out_.target.host_from_caller = !host.empty();
    out_.target.base_url = std::string(host.empty() ? out_.target.provider->default_base_url() : host);
    return std::nullopt;
  }

  void ChooseCredentials() {
    const Provider& provider = *out_.target.provider;
    KeySources sources;
    sources.config_key = config_.api_key;
    sources.gateway_key = policy_.gateway_key ? policy_.gateway_key(provider.name()) : nullptr;
    sources.request_key = request_.credentials.bearer;
    if (provider.key_header() == "x-api-key" && !request_.credentials.x_api_key.empty()) {
      sources.request_key = request_.credentials.x_api_key;
    }
    sources.host_from_caller = out_.target.host_from_caller;
    sources.direct_keys = policy_.direct_keys;
    KeyChoice choice = ChooseKey(sources);
    out_.target.api_key = std::move(choice.key);
    out_.target.key_from_caller = choice.from_caller;
  }

  std::optional<Error> TakeOption(std::string_view option, std::string_view value, std::string_view where) {
    if (!FitForHeader(value)) {
      return Error::InvalidRequest(
          "invalid_option", std::string(where) + ": must not hold control characters", std::string(where));
    }
    if (out_.target.option(option).empty())
      out_.target.options.push_back({std::string(option), std::string(value)});
    return std::nullopt;
  }

  std::optional<Error> TakeOptions() {
    const auto names = out_.target.provider->option_names();
    for (const auto& [name, value] : config_.options) {
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        out_.ignored.push_back(name);
      } else if (auto error = TakeOption(name, value, "config." + name)) {
        return error;
      }
    }
    for (const std::string_view option : names) {
      for (const HeaderView& header : request_.headers.options) {
        if (!NameMatches(option, header.name)) continue;
        if (auto error = TakeOption(option, header.value, header.name)) return error;
      }
      for (const HeaderView& header : request_.all_headers) {
        if (!NameMatches(option, header.name)) continue;
        if (auto error = TakeOption(option, header.value, header.name)) return error;
      }
    }
    return std::nullopt;
  }

  std::optional<Error> ChooseTimeout() {
    out_.attempt_timeout = config_.request_timeout;
    if (request_.headers.request_timeout.empty()) return std::nullopt;
    out_.call_timeout = ParseTimeoutMs(request_.headers.request_timeout);
    if (out_.call_timeout) return std::nullopt;
    return Error::InvalidRequest("invalid_request_timeout",
                                 "x-portolan-request-timeout: must be a positive number of milliseconds",
                                 "x-portolan-request-timeout");
  }

  std::optional<Error> CheckUsable() const {
    const Provider& provider = *out_.target.provider;
    const Shape shape = provider.shape(request_.operation);
    if (shape.kind == Shape::Kind::kUnsupported) {
      return Error::InvalidRequest("unsupported_operation",
                                   std::string(provider.name()) + " has no " +
                                       std::string(providers::ToString(request_.operation)) + " operation");
    }
    if (shape.kind == Shape::Kind::kLocal || !out_.target.api_key.empty() || out_.target.host_from_caller) {
      return std::nullopt;
    }
    Error error;
    error.error_class = ErrorClass::kCaller;
    error.http_status = 401;
    error.code = "missing_provider_key";
    error.message = "no key for " + std::string(provider.name()) + ": send one as Authorization: Bearer";
    if (!provider.key_variables().empty())
      error.message += ", or start the gateway with " + std::string(provider.key_variables()[0]);
    return error;
  }

  const RoutePolicy& policy_;
  const RouteRequest& request_;
  Route& out_;
  LeafConfig config_;
};

}  // namespace

std::optional<Error> ChooseRoute(const RoutePolicy& policy, const RouteRequest& request, Route* out) {
  return Chooser(policy, request, out).Run();
}

}  // namespace portolan::routing
