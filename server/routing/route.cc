#include "server/routing/route.h"

#include <algorithm>
#include <utility>

#include "providers/body_options.h"
#include "providers/model_path.h"
#include "server/base/json_text.h"
#include "server/routing/forward_headers.h"
#include "server/routing/provider_address.h"
#include "server/routing/timeout.h"
#include "server/routing/who_serves.h"

namespace portolan::routing {
namespace {

using providers::Provider;
using providers::ProviderOption;
using providers::Way;

bool FitForHeader(std::string_view value) {
  return std::all_of(value.begin(), value.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

class Resolver {
 public:
  Resolver(const RoutePolicy& policy, const RouteRequest& request, const RoutePlan& plan,
           const RouteNode& node, Route* out)
      : policy_(policy), request_(request), plan_(plan), node_(node), spec_(node.target), out_(*out) {}

  std::optional<Error> Run() {
    out_.index = node_.path;
    out_.strict_open_ai_compliance = spec_.strict_open_ai_compliance.value_or(true);
    out_.attempt_timeout = spec_.request_timeout;
    out_.limits = spec_.limits;
    if (auto error = ChooseForwarded()) return error;
    if (auto error = ChooseProvider()) return error;
    ChooseHost();
    const bool host_from_request = !HostOfRequest(request_).empty();
    own_ = IsRequestsOwn(policy_, request_, plan_, node_, out_.target.provider, host_from_request);
    if (auto error = TakeOptions()) return error;
    ChooseModel();
    ChooseCredentials();
    const bool fills_in = out_.target.provider->has_several_addresses;
    if (fills_in) {
      if (auto error = FillInHost(request_.operation, &out_.target)) return error;
    }
    TakeKeyOfOptions();
    if (auto error = CheckOptionsOfKeys()) return error;
    if (fills_in) {
      if (auto error = FillInPath(&out_.target)) return error;
    }
    return CheckUsable();
  }

 private:
  std::optional<Error> ChooseForwarded() {
    if (!spec_.forward_headers.empty()) out_.forward_headers = spec_.forward_headers;
    if (request_.headers.forward_headers.empty()) return std::nullopt;
    out_.forward_headers = ForwardList(request_.headers.forward_headers);
    for (const std::string& name : out_.forward_headers) {
      if (MayForward(name)) continue;
      return Error::InvalidRequest("invalid_forward_headers",
                                   "x-portolan-forward-headers: " + JsonString(name) + " cannot be forwarded",
                                   "x-portolan-forward-headers");
    }
    return std::nullopt;
  }

  std::optional<Error> ChooseProvider() {
    Served served = WhoServes(policy_, request_, spec_);
    out_.target.provider = served.provider;
    if (!spec_.override_params.empty()) out_.edits = spec_.override_params;
    out_.why = served.why;
    out_.model = std::move(served.model);
    renamed_ = served.prefix_taken;
    if (served.provider != nullptr) {
      out_.target.dialect = served.provider->dialect;
      return std::nullopt;
    }
    return Error::InvalidRequest("unknown_provider", policy_.registry->NoProvider(served.named),
                                 "x-portolan-provider");
  }

  // What the provider calls the model, and how it is spoken to.
  void ChooseModel() {
    const Provider& provider = *out_.target.provider;
    out_.takes_stream_options = provider.takes_stream_options;
    if (provider.families.empty()) return;
    const std::string asked = out_.model;
    for (const std::string& option : provider.model_options) {
      const std::string_view given = out_.target.option(option);
      if (given.empty()) continue;
      out_.model = given;
      model_from_option_ = true;
      break;
    }
    family_ = provider.FamilyOf(&out_.model, out_.target);
    renamed_ = renamed_ || out_.model != asked;
    if (family_ == nullptr) return;
    out_.target.dialect = family_->dialect;
    if (family_->refuses_stream_options) out_.takes_stream_options = false;
  }

  void ChooseHost() {
    std::string_view host = HostOfRequest(request_);
    if (host.empty()) host = spec_.custom_host;
    while (host.ends_with('/')) host.remove_suffix(1);
    out_.target.host_from_caller = !host.empty();
    out_.target.own_host = !host.empty() || out_.target.provider->is_operators_own;
    const Provider& provider = *out_.target.provider;
    out_.target.checks_address = host.empty() ? provider.on_this_machine : !plan_.from_operator;
    out_.target.base_url = std::string(host.empty() ? std::string_view(provider.base_url) : host);
    if (!host.empty() && !host.ends_with(provider.host_version)) {
      out_.target.base_url.append(provider.host_version);
    }
  }

  void ChooseCredentials() {
    const Provider& provider = *out_.target.provider;
    KeySources sources;
    sources.config_key = spec_.api_key.Reveal();
    sources.gateway_key = policy_.gateway_key ? policy_.gateway_key(provider.name) : nullptr;
    if (own_) sources.request_key = request_.credentials.bearer;
    const std::string_view in_header =
        own_ ? request_.credentials.KeyIn(request_.all_headers, provider.auth->key_headers())
             : std::string_view();
    if (!in_header.empty()) sources.request_key = in_header;
    if (own_ && sources.request_key.empty()) sources.request_key = KeyOfDoor();
    sources.operator_config = plan_.from_operator;
    sources.host_from_caller = out_.target.host_from_caller;
    sources.direct_keys = policy_.direct_keys;
    KeyChoice choice = ChooseKey(sources);
    out_.target.api_key = std::move(choice.key);
    out_.target.key_from_caller = choice.from_caller;
    // Callers of its own dialect know in which form it takes their key.
    out_.target.key_is_bearer = choice.from_caller && sources.config_key.empty() && in_header.empty() &&
                                !request_.credentials.bearer.empty() && out_.target.dialect == request_.door;
    if (own_ && out_.target.own_host && sources.config_key.empty()) TakeAuthorization();
  }

  // What callers of a dialect with a header for keys send in it is their key, whoever is called.
  std::string_view KeyOfDoor() const {
    const providers::Door* const door = request_.door == nullptr ? nullptr : request_.door->door();
    if (door == nullptr || door->key_header().empty()) return {};
    const std::string_view name = door->key_header();
    return request_.credentials.KeyIn(request_.all_headers, {&name, 1});
  }

  // Takes the place of a key of the request's, for hosts that may know its scheme; no provider's own host
  // does.
  void TakeAuthorization() {
    providers::Target& target = out_.target;
    const std::string_view authorization = request_.credentials.authorization;
    const bool gateways_key = !target.api_key.empty() && !target.key_from_caller;
    if (authorization.empty() || (gateways_key && !policy_.direct_keys)) return;
    if (gateways_key) target.api_key = Secret();
    target.authorization = Secret(std::string(authorization));
    target.key_from_caller = true;
  }

  std::optional<Error> TakeOption(const ProviderOption& option, std::string_view value,
                                  std::string_view where) {
    if (option.operators_only && !plan_.from_operator) {
      return Error::InvalidRequest("invalid_option",
                                   std::string(where) + ": only the gateway's operator may say this",
                                   std::string(where));
    }
    // The JSON of a config may have line ends; it is no header.
    if (!option.is_json && !FitForHeader(value)) {
      return Error::InvalidRequest(
          "invalid_option", std::string(where) + ": must not hold control characters", std::string(where));
    }
    if (out_.target.option(option.name).empty())
      out_.target.options.push_back({option.name, std::string(value)});
    return std::nullopt;
  }

  std::optional<Error> TakeOptions() {
    const std::vector<ProviderOption>& options = out_.target.provider->options;
    for (const auto& [name, value] : spec_.options) {
      const auto known = std::find_if(options.begin(), options.end(), [&](const ProviderOption& option) {
        return option.name == name || (option.config_name == name && !name.empty());
      });
      if (known == options.end()) {
        out_.ignored.push_back(name);
      } else if (auto error = TakeOption(*known, value, node_.path + "." + name)) {
        return error;
      }
    }
    options_of_plan_ = out_.target.options.size();
    if (!own_) return std::nullopt;
    for (const ProviderOption& option : options) {
      // Not even beside an operator's route.
      if (option.operators_only) continue;
      for (const auto headers : {std::span(request_.headers.options), request_.all_headers}) {
        for (const HeaderView& header : headers) {
          if (!NameMatches(option.name, header.name)) continue;
          if (auto error = TakeOption(option, header.value, header.name)) return error;
        }
      }
    }
    return std::nullopt;
  }

  // Options that come with the request or its config take the place of the gateway's own key.
  void TakeKeyOfOptions() {
    if (out_.target.options.empty()) return;
    std::string key = out_.target.provider->auth->KeyFromOptions(out_.target);
    if (key.empty()) return;
    out_.target.key_from_caller = !plan_.from_operator || key != KeyOfPlan();
    out_.target.api_key = Secret(std::move(key));
  }

  // What goes with a key is said by whoever gives the key.
  std::optional<Error> CheckOptionsOfKeys() const {
    if (out_.target.key_from_caller || out_.target.options.empty()) return std::nullopt;
    const std::vector<ProviderOption>& known = out_.target.provider->options;
    for (size_t i = plan_.from_operator ? options_of_plan_ : 0; i < out_.target.options.size(); ++i) {
      const std::string_view name = out_.target.options[i].name;
      const auto option = std::find_if(known.begin(), known.end(),
                                       [&](const ProviderOption& one) { return one.name == name; });
      if (option == known.end() || !option->goes_with_key) continue;
      return Error::InvalidRequest(
          "invalid_option",
          std::string(name) + ": only with keys of the caller's own, not with the gateway's",
          std::string(name));
    }
    return std::nullopt;
  }

  // Headers of the request may add to the options of an operator's route. A key is the operator's only if
  // they have no part in it.
  std::string KeyOfPlan() const {
    providers::Target target;
    target.provider = out_.target.provider;
    const auto& options = out_.target.options;
    target.options.assign(options.begin(), options.begin() + static_cast<ptrdiff_t>(options_of_plan_));
    return target.provider->auth->KeyFromOptions(target);
  }

  void AddBodyEdits(const providers::Form& form) {
    for (codec::Edit& edit : providers::BodyEdits(form, out_.target)) out_.edits.push_back(std::move(edit));
  }

  // What the provider has to be told of the model.
  std::optional<Error> PlaceModel(const providers::Form& form) {
    if (family_ == nullptr) {
      if (renamed_) EditModel();
      return std::nullopt;
    }
    if (!form.raw_model_after.empty()) {
      const std::string_view name = request_.raw_path.substr(form.raw_model_after.size());
      out_.model = name.substr(0, name.find_first_of("/?"));
    }
    const Provider& provider = *out_.target.provider;
    const bool in_path = form.path.find("{model") != std::string_view::npos;
    if (out_.model.empty() && (in_path || form.path.empty())) {
      std::string message = provider.name + " needs the name of a model";
      if (!provider.model_options.empty()) message += ", or the option " + provider.model_options.front();
      return Error::InvalidRequest("missing_value", std::move(message), "model");
    }
    // An option's goes where the provider looks for it; the body of a relayed call may have no place for it.
    const bool in_body = !model_from_option_ || (!in_path && (!form.raw || !request_.model.empty()));
    if (renamed_ && in_body) EditModel();
    return std::nullopt;
  }

  void EditModel() { out_.edits.push_back({codec::Edit::Kind::kSet, "model", JsonString(out_.model)}); }

  std::optional<Error> CheckUsable() {
    const Provider& provider = *out_.target.provider;
    Way way = providers::WayOf(*request_.door, request_.operation, provider, family_, request_.raw_path);
    const bool only_at_base_url = way.kind == Way::Kind::kMap && way.form->only_at_base_url;
    if (way.kind == Way::Kind::kUnsupported || (only_at_base_url && out_.target.own_host)) {
      way = WayToOwnHost();
    }
    out_.way = way;
    if (way.kind == Way::Kind::kUnsupported) {
      return Error::InvalidRequest(
          "unsupported_operation",
          provider.name + " has no " + std::string(request_.operation) + " operation" +
              (provider.families.empty() || out_.model.empty() ? std::string()
                                                               : " for the model " + JsonString(out_.model)));
    }
    if (auto error = PlaceModel(*way.form)) return error;
    if (providers::MayHoldModel(*way.form, provider)) {
      if (auto error = providers::CheckModelInPath(*way.form, out_.model, provider)) return error;
    }
    if (way.kind == Way::Kind::kRelay) {
      const auto& edits = way.form->body_edits;
      if (!edits.empty()) AddBodyEdits(*way.form);
    }
    if (auto error = CheckFamily()) return error;
    // Hosts that a config or the operator names may want no key.
    if (way.kind == Way::Kind::kInside || !out_.target.api_key.empty() || out_.target.own_host ||
        provider.needs_no_key) {
      return std::nullopt;
    }
    Error error;
    error.error_class = ErrorClass::kCaller;
    error.http_status = 401;
    error.code = "missing_provider_key";
    error.message = "no key for " + provider.name + ": send one as Authorization: Bearer";
    if (provider.key_variables.empty()) {
      error.message += ", or give the gateway one in its config file";
    } else {
      const std::string& variable = provider.key_variables[0];
      error.message += ", or start the gateway with " + variable.substr(0, variable.find('@'));
    }
    return error;
  }

  // To a server of one's own that speaks the caller's dialect, for what few of its providers have, or have
  // otherwise at their base URL alone.
  Way WayToOwnHost() const {
    const Provider& provider = *out_.target.provider;
    const bool same = provider.dialect == request_.door && family_ == nullptr && provider.local == nullptr;
    if (!same || !out_.target.own_host) return {};
    const providers::Form* const own = provider.FindOwn(request_.operation);
    const bool usual = own != nullptr && own->only_at_base_url;
    for (const providers::Form& other : provider.own_forms) {
      if (usual && other.operation == request_.operation && !other.only_at_base_url) {
        return {Way::Kind::kMap, &other};
      }
    }
    const providers::Form* const form = provider.dialect->Find(request_.operation);
    if (form == nullptr || !(usual || form->own_hosts_may_have_it)) return {};
    return {Way::Kind::kRelay, form};
  }

  // What a server of one's own has is for its owner to know.
  std::optional<Error> CheckFamily() const {
    const Provider& provider = *out_.target.provider;
    if (request_.family.empty() || out_.target.own_host) return std::nullopt;
    if (std::find(provider.objects.begin(), provider.objects.end(), request_.family) !=
        provider.objects.end()) {
      return std::nullopt;
    }
    return Error::InvalidRequest("unsupported_operation",
                                 provider.name + " has no " + std::string(request_.family));
  }

  const RoutePolicy& policy_;
  const RouteRequest& request_;
  const RoutePlan& plan_;
  const RouteNode& node_;
  const TargetSpec& spec_;
  Route& out_;
  const providers::ModelFamily* family_ = nullptr;  // that the model belongs to
  bool renamed_ = false;            // the provider calls the model otherwise than the request does
  bool model_from_option_ = false;  // an option names the model
  size_t options_of_plan_ = 0;      // how many of the target's options come first, from the plan
  bool own_ = false;                // the request's credentials can be meant for this target
};

}  // namespace

bool NameMatches(std::string_view option, std::string_view header) {
  return option.size() == header.size() &&
         std::equal(option.begin(), option.end(), header.begin(),
                    [](char a, char b) { return a == b || (a == '_' && b == '-'); });
}

std::optional<Error> ReadCallTimeout(const RequestHeaders& headers,
                                     std::optional<std::chrono::milliseconds>* out) {
  if (headers.request_timeout.empty()) return std::nullopt;
  *out = ParseTimeoutMs(headers.request_timeout);
  if (*out) return std::nullopt;
  return Error::InvalidRequest("invalid_request_timeout",
                               "x-portolan-request-timeout: must be a positive number of milliseconds",
                               "x-portolan-request-timeout");
}

std::optional<Error> ResolveTarget(const RoutePolicy& policy, const RouteRequest& request,
                                   const RoutePlan& plan, const RouteNode& node, Route* out) {
  return Resolver(policy, request, plan, node, out).Run();
}

}  // namespace portolan::routing
