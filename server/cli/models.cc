// `portolan models`.

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "providers/catalog.h"
#include "server/cli/door.h"
#include "server/cli/handlers.h"
#include "server/cli/keys.h"
#include "server/cli/web.h"

namespace portolan::cli {
namespace {

// As it is written in a request to the gateway. What the gateway lists of its own is so already.
std::string FullName(const std::string& provider, const std::string& id) {
  return provider.empty() || id.starts_with(provider + "/") ? id : provider + "/" + id;
}

// False if the answer is no list.
bool PrintIds(const std::string& body, const std::string& provider, std::FILE* out) {
  const auto json = nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("data") || !json["data"].is_array()) return false;
  for (const auto& model : json["data"]) {
    if (!model.is_object() || !model.contains("id") || !model["id"].is_string()) return false;
    const std::string name = FullName(provider, model["id"].get<std::string>());
    std::fprintf(out, "%s\n", Printable(name).c_str());
  }
  return true;
}

// Tells somebody who sees only the gateway's own models how to see more.
void TellOfProviders(const Host& host) {
  const std::vector<FoundKey> keys = FindKeys(providers::BuiltInCatalog(), host.environment);
  if (keys.empty()) return;
  std::fprintf(host.err, "portolan: these are the gateway's own. There are keys for:");
  for (const FoundKey& key : keys) std::fprintf(host.err, " %s", key.provider->name.c_str());
  std::fprintf(host.err, "; `portolan models %s` lists its models\n", keys.front().provider->name.c_str());
}

}  // namespace

int Models(const Arguments& arguments, const Host& host) {
  const auto door = OpenDoor(arguments, host);
  if (!door.ok()) {
    return Fail(host, std::string(door.status().message()), absl::IsInvalidArgument(door.status()) ? 2 : 1);
  }
  const std::string provider = arguments.operand();
  WebRequest request;
  request.url = door->url + "/v1/models";
  request.headers = door->Headers();
  if (!provider.empty()) request.headers.push_back({"x-portolan-provider", provider});
  WebAnswer answer;
  const absl::Status status = Ask(request, &answer);
  if (!status.ok()) return Fail(host, std::string(status.message()), absl::IsInvalidArgument(status) ? 2 : 1);
  if (answer.status != 200) return Fail(host, ErrorOf(answer.status, answer.body));
  if (arguments.Has("--json")) {
    std::fwrite(answer.body.data(), 1, answer.body.size(), host.out);
    if (!answer.body.ends_with('\n')) std::fputc('\n', host.out);
    return 0;
  }
  if (!PrintIds(answer.body, provider, host.out))
    return Fail(host, "the answer is no list of models: " + Printable(answer.body));
  if (provider.empty() && door->local != nullptr) TellOfProviders(host);
  return 0;
}

}  // namespace portolan::cli
