#include "server/cli/door.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "server/cli/web.h"

namespace portolan::cli {
namespace {

// What `error.NAME` of a JSON object says; "" if that is no string.
std::string TextOfError(std::string_view body, const char* name) {
  const auto json = nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return "";
  const auto error = json.find("error");
  if (error == json.end() || !error->is_object()) return "";
  const auto value = error->find(name);
  return value != error->end() && value->is_string() ? value->get<std::string>() : std::string();
}

}  // namespace

std::vector<HeaderField> Door::Headers() const {
  std::vector<HeaderField> headers = {{"accept", "application/json"}};
  if (!key.empty()) headers.push_back({"authorization", "Bearer " + std::string(key.Reveal())});
  return headers;
}

absl::StatusOr<Door> OpenDoor(const Arguments& arguments, const Host& host) {
  Door door;
  door.url = arguments.Get("--url");
  if (door.url.empty() && !arguments.Has("--config"))
    door.url = config::ReadVariable(host.environment, "PORTOLAN_URL").value_or("");
  if (door.url.empty()) {
    auto local = host.start_local(arguments.Get("--config"));
    if (!local.ok()) return absl::FailedPreconditionError(local.status().message());
    door.local = *std::move(local);
    door.url = door.local->url();
    door.key = door.local->key();
    return door;
  }
  if (arguments.Has("--config")) {
    return absl::InvalidArgumentError(
        "--config sets up a gateway in this process, and --url names another: give one of them");
  }
  if (door.url.find("://") == std::string::npos) door.url = "http://" + door.url;
  while (door.url.ends_with('/')) door.url.pop_back();
  if (door.url.ends_with("/v1")) door.url.resize(door.url.size() - 3);
  if (const auto key = config::ReadVariable(host.environment, "PORTOLAN_KEY")) {
    auto secret = config::CheckSecret("PORTOLAN_KEY", *key);
    if (!secret.ok()) return absl::InvalidArgumentError(secret.status().message());
    door.key = *std::move(secret);
  }
  return door;
}

std::string ErrorOf(int status, std::string_view body) {
  const std::string message = TextOfError(body, "message");
  if (!message.empty()) return Printable(message, 2000) + " (status " + std::to_string(status) + ")";
  return "the answer has status " + std::to_string(status) + ": " + Printable(body);
}

std::string ErrorCodeOf(std::string_view body) { return TextOfError(body, "code"); }

}  // namespace portolan::cli
