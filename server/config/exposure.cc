#include "server/config/exposure.h"

#include <array>
#include <optional>
#include <string_view>

#include "server/base/host.h"
#include "server/base/ip.h"

namespace portolan::config {
namespace {

std::string ListOf(std::span<const std::string> names) {
  constexpr size_t kShown = 3;
  std::string list;
  for (size_t i = 0; i < names.size() && i < kShown; ++i) list += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > kShown) list += " and " + std::to_string(names.size() - kShown) + " more";
  return list;
}

}  // namespace

bool IsLoopbackAddress(std::string_view text) {
  ListenAddress address;
  std::string ignored;
  if (!ParseListenAddress(text, &address, &ignored)) return false;
  const std::optional<IpBytes> ip = ParseIp(address.host);
  return address.host == "localhost" || (ip && IsLoopback(*ip));
}

absl::Status CheckExposure(const ServeOptions& options, std::span<const std::string> provider_keys,
                           bool asks_callers) {
  struct Listener {
    std::string_view flag;
    const std::string& address;
  };
  const std::array<Listener, 2> data = {{{"--http", options.http}, {"--grpc", options.grpc}}};
  const bool spendable = !provider_keys.empty() && !asks_callers && !options.allow_unauthenticated;
  for (const Listener& listener : data) {
    if (!spendable || IsLoopbackAddress(listener.address)) continue;
    return absl::FailedPreconditionError(
        std::string(listener.flag) + " " + listener.address +
        " can be reached from other machines, and anyone who does could spend " + ListOf(provider_keys) +
        ". Set PORTOLAN_CALLER_KEYS=<key>[,<key>...] so that callers must present one; or listen on "
        "127.0.0.1; or, if something in front authenticates callers, pass --allow-unauthenticated");
  }
  if (!IsLoopbackAddress(options.admin) && options.admin_key.empty()) {
    return absl::FailedPreconditionError(
        "--admin " + options.admin +
        " can be reached from other machines. Set PORTOLAN_ADMIN_KEY=<key>, which "
        "admin calls must present then, or listen on 127.0.0.1");
  }
  return absl::OkStatus();
}

}  // namespace portolan::config
