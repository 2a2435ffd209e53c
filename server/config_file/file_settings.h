#pragma once

#include <optional>
#include <string>
#include <vector>

#include "portolan/v1/route_config.pb.h"
#include "server/base/secret.h"
#include "server/config/options.h"
#include "server/middleware/settings.h"

namespace portolan::config {

// A provider that the file names. Like everything here, a value.
struct ProviderSettings {
  std::string name;
  bool built_in = false;
  Secret api_key;             // empty: the file holds none
  std::string base_url;       // without a slash at its end; empty: the built-in provider's own
  std::string dialect;        // the name of the built-in provider whose dialect it speaks
  bool stream_usage = false;  // its streams can be asked for their usage
  std::string key_header;     // holds the key, by itself; in lower case; empty: its dialect's way
};

struct RouteSettings {
  std::string name;
  ::portolan::v1::RouteConfig config;  // known to compile; its keys are resolved
};

struct AliasSettings {
  std::string model;  // what callers write
  std::string route;  // the name of a route of the file
};

// One of the operator's guardrails.
struct GuardrailSettings {
  std::string name;
  std::string json;  // the guardrail, known to make sense
};

// Lists of guardrails, and of names of the operator's, each JSON known to make sense; empty: none.
struct HookSettings {
  std::string input;
  std::string output;

  bool operator==(const HookSettings&) const = default;
};

struct CallerSettings {
  std::string name;
  std::string sha256;  // of the key, 64 lower-case hexadecimal digits
  // The names of the routes that the caller may use; nullopt: all of them, and configs of their own.
  std::optional<std::vector<std::string>> routes;
  // The models that the caller may name, a final `*` standing for any rest; nullopt: all.
  std::optional<std::vector<std::string>> models;
  HookSettings hooks;                   // run on all calls of the caller
  std::vector<std::string> middleware;  // names of the file's, likewise
};

// The settings of a config file, checked and with its references resolved.
struct FileSettings {
  std::string path;
  std::string text;      // the file's bytes
  std::string hash;      // their SHA-256, 64 lower-case hexadecimal digits
  std::string digest;    // the same of the bytes and of all keys that they refer to
  ServeOptions options;  // the defaults, overridden by the file; without its callers' keys
  std::vector<CallerSettings> callers;
  std::vector<ProviderSettings> providers;
  std::vector<GuardrailSettings> guardrails;
  HookSettings default_hooks;  // run on every call
  middleware::SettingsList middleware;
  std::vector<std::string> default_middleware;  // names of these, of every call
  std::vector<RouteSettings> routes;
  std::vector<AliasSettings> aliases;
  std::string default_route;  // empty: none

  bool says_nothing = false;                // the file holds nothing but nulls and empty lists and objects
  std::vector<std::string> variables;       // the names of the variables that it refers to
  std::vector<std::string> keys_in_quotes;  // references whose keys begin and end with a quote character
};

}  // namespace portolan::config
