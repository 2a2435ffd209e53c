#pragma once

#include <optional>
#include <string>
#include <vector>

#include "portolan/v1/route_config.pb.h"
#include "server/base/secret.h"
#include "server/config/options.h"

namespace portolan::config {

// A provider that the file names.
struct ProviderSettings {
  std::string name;
  bool built_in = false;
  Secret api_key;        // empty: the file holds none
  std::string base_url;  // without a slash at its end; empty: the built-in provider's own
  std::string dialect;  // the name of a built-in provider: whose dialect it speaks; of a built-in one its own
  bool stream_usage = false;  // its streams can be asked for their usage
};

struct RouteSettings {
  std::string name;
  ::portolan::v1::RouteConfig config;  // known to compile; the keys in it are resolved
};

struct AliasSettings {
  std::string model;  // what callers write
  std::string route;  // the name of one of the routes
};

struct CallerSettings {
  std::string name;
  std::string sha256;  // of the key, 64 lower-case hexadecimal digits
  // The names of the routes the caller may use; nullopt: all of them, and configs of his own.
  std::optional<std::vector<std::string>> routes;
  // The models he may name, `*` at the end standing for any rest; nullopt: all.
  std::optional<std::vector<std::string>> models;
};

// What a config file comes to, checked and with its references resolved. The defaults that it leaves as they
// are stand in `options`, so that variables and flags can be laid over them.
struct FileSettings {
  std::string path;
  std::string text;      // the file's bytes
  std::string hash;      // their SHA-256, 64 lower-case hexadecimal digits
  std::string digest;    // likewise, of the bytes and of all keys that they refer to
  ServeOptions options;  // the file's settings over the defaults; its callers are not in caller_keys
  std::vector<CallerSettings> callers;
  std::vector<ProviderSettings> providers;
  std::vector<RouteSettings> routes;
  std::vector<AliasSettings> aliases;
  std::string default_route;  // empty: none

  bool says_nothing = false;           // it is empty, or holds nothing but nulls and empty lists and objects
  std::vector<std::string> variables;  // the names of those that it refers to
  std::vector<std::string> keys_in_quotes;  // references to keys that begin and end with a quote character
};

}  // namespace portolan::config
