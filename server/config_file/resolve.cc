// Turns a valid file into settings. References are looked up here and nowhere else.

#include <algorithm>
#include <utility>

#include "providers/registry.h"
#include "server/base/sha256.h"
#include "server/base/text.h"
#include "server/config/environment.h"
#include "server/config/flags.h"
#include "server/config/values.h"
#include "server/config_file/config_file.h"
#include "server/config_file/middleware_settings.h"
#include "server/config_file/reference.h"
#include "server/config_file/rules.h"
#include "server/config_file/yaml_node.h"

namespace portolan::config {
namespace {

class Resolver {
 public:
  // Writes to *settings what it learns of the keys themselves.
  Resolver(const YamlNode& root, const Environment& environment, FileSettings* settings,
           ConfigProblems* problems)
      : root_(root), environment_(environment), settings_(*settings), problems_(*problems) {}

  // The key that `path`, a reference in the file, stands for.
  Secret Key(const std::string& path) {
    Secret key;
    std::string problem;
    bool whole = false;
    const YamlNode& node = root_.Find(path, &whole);
    if (const std::string_view variable = VariableOf(node.text); !variable.empty())
      settings_.variables.emplace_back(variable);
    if (!ResolveReference(node.text, environment_, &key, &problem))
      problems_.push_back(node.Problem(std::move(problem)));
    if (IsInQuotes(key.Reveal())) settings_.keys_in_quotes.push_back(node.text);
    settings_.digest = Sha256Hex(settings_.digest + std::string(key.Reveal()));
    return key;
  }

  // The settings that flags could give too.
  void Options(ServeOptions* options) {
    for (const Setting& setting : Settings()) {
      bool whole = false;
      const YamlNode& node = root_.Find(setting.path, &whole);
      if (setting.path.empty() || !whole || YamlNode::IsNull(&node)) continue;
      if (setting.secret) {
        const Secret key = Key(std::string(setting.path));
        if (!key.empty()) Apply(setting, node, key.Reveal(), options);
      } else if (node.type == YamlNode::Type::kSequence) {
        for (const auto& child : node.children) Apply(setting, *child, child->text, options);
      } else {
        Apply(setting, node, node.text, options);
      }
    }
  }

  CallerSettings Caller(const v1::CallerKey& from, const std::string& path) {
    CallerSettings caller;
    caller.name = from.name();
    caller.sha256 = from.has_sha256() ? LowerCase(from.sha256()) : Sha256Hex(Key(path + ".key").Reveal());
    if (!from.routes().empty()) caller.routes.emplace(from.routes().begin(), from.routes().end());
    if (!from.models().empty()) caller.models.emplace(from.models().begin(), from.models().end());
    caller.hooks = {from.input_guardrails(), from.output_guardrails()};
    caller.middleware = {from.middleware().begin(), from.middleware().end()};
    return caller;
  }

  ProviderSettings Provider(const v1::ProviderEntry& entry, const providers::Registry& built_in) {
    ProviderSettings provider;
    provider.name = entry.key();
    provider.built_in = built_in.Find(entry.key()) != nullptr;
    if (entry.value().has_api_key()) provider.api_key = Key("providers." + entry.key() + ".api_key");
    provider.base_url = entry.value().base_url();
    while (provider.base_url.ends_with('/')) provider.base_url.pop_back();
    provider.dialect = provider.built_in             ? entry.key()
                       : entry.value().has_dialect() ? entry.value().dialect()
                                                     : "openai";
    provider.stream_usage = entry.value().stream_usage();
    provider.key_header = LowerCase(entry.value().auth().header());
    return provider;
  }

  std::shared_ptr<const middleware::Settings> Middleware(const v1::MiddlewareEntry& entry) {
    auto settings = std::make_shared<middleware::Settings>(MiddlewareSettings(entry.key(), entry.value()));
    for (const v1::SecretHeader& header : entry.value().secret_headers()) {
      settings->secret_headers.emplace_back(
          LowerCase(header.key()), Key("middleware." + entry.key() + ".secret_headers." + header.key()));
    }
    return settings;
  }

  // `node` is the route's, or one of its targets'.
  void RouteKeys(const std::string& path, ::portolan::v1::RouteConfig* config) {
    if (config->has_api_key()) config->set_api_key(std::string(Key(path + ".api_key").Reveal()));
    for (int i = 0; i < config->targets_size(); ++i)
      RouteKeys(path + ".targets[" + std::to_string(i) + "]", config->mutable_targets(i));
  }

 private:
  void Apply(const Setting& setting, const YamlNode& node, std::string_view value, ServeOptions* options) {
    std::string problem;
    if (!setting.apply(value, options, &problem)) problems_.push_back(node.Problem(std::move(problem)));
  }

  const YamlNode& root_;
  const Environment& environment_;
  FileSettings& settings_;
  ConfigProblems& problems_;
};

// Two names for one key: a call could not be attributed.
void CheckDistinctKeys(const YamlNode& root, const std::vector<CallerSettings>& callers,
                       ConfigProblems* problems) {
  for (size_t i = 0; i < callers.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (callers[i].sha256 != callers[j].sha256) continue;
      bool whole = false;
      const YamlNode& node = root.Find("callers.keys[" + std::to_string(i) + "]", &whole);
      problems->push_back(node.Problem("this is the key of " + callers[j].name + " too"));
      break;
    }
  }
}

}  // namespace

bool ConfigFile::Resolve(const Environment& environment, FileSettings* settings,
                         ConfigProblems* problems) const {
  const size_t before = problems->size();
  *settings = {};
  settings->path = name_;
  settings->text = text_;
  settings->hash = settings->digest = hash_;
  settings->says_nothing = tree_->SaysNothing();
  settings->default_route = message_.default_route();
  Resolver resolver(*tree_, environment, settings, problems);
  resolver.Options(&settings->options);
  for (int i = 0; i < message_.callers().keys_size(); ++i) {
    const std::string path = "callers.keys[" + std::to_string(i) + "]";
    settings->callers.push_back(resolver.Caller(message_.callers().keys(i), path));
  }
  const std::unique_ptr<providers::Registry> built_in = providers::Registry::BuiltIn();
  for (const v1::ProviderEntry& entry : message_.providers())
    settings->providers.push_back(resolver.Provider(entry, *built_in));
  for (const v1::GuardrailEntry& entry : message_.guardrails())
    settings->guardrails.push_back({entry.key(), entry.value()});
  settings->default_hooks = {message_.default_input_guardrails(), message_.default_output_guardrails()};
  for (const v1::MiddlewareEntry& entry : message_.middleware())
    settings->middleware.push_back(resolver.Middleware(entry));
  settings->default_middleware = {message_.default_middleware().begin(), message_.default_middleware().end()};
  for (const v1::RouteEntry& entry : message_.routes()) {
    settings->routes.push_back({entry.key(), entry.value()});
    resolver.RouteKeys("routes." + entry.key(), &settings->routes.back().config);
  }
  for (const v1::AliasEntry& entry : message_.aliases())
    settings->aliases.push_back({entry.key(), entry.value()});
  if (problems->size() == before) CheckDistinctKeys(*tree_, settings->callers, problems);
  SortByPlace(problems);
  return problems->size() == before;
}

}  // namespace portolan::config
