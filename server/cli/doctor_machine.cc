// What `portolan doctor` finds on this machine.

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "server/cli/doctor.h"
#include "server/cli/web.h"
#include "server/cli/words.h"
#include "server/config/exposure.h"
#include "server/net/address.h"
#include "server/net/authorities.h"
#include "server/net/descriptors.h"

namespace portolan::cli {
namespace {

std::string VariablesOf(const FoundKey& key) {
  const std::vector<std::string_view> names(key.variables.begin(), key.variables.end());
  return Enumerated(names, "and");
}

// The file has a say about the environment's key: its own, or another address to which that must not go.
bool FileReplaces(const Patient& patient, const std::string& provider) {
  if (!patient.file) return false;
  for (const config::ProviderSettings& said : patient.file->providers) {
    if (said.name == provider && (!said.api_key.empty() || !said.base_url.empty())) return true;
  }
  return false;
}

std::vector<std::string> HeldKeys(const Patient& patient) {
  std::vector<std::string> held;
  for (const FoundKey& key : patient.keys) {
    if (!FileReplaces(patient, key.provider->name)) held.push_back(VariablesOf(key));
  }
  if (!patient.file) return held;
  for (const config::ProviderSettings& provider : patient.file->providers) {
    if (!provider.api_key.empty()) held.push_back("the key of providers." + provider.name);
  }
  return held;
}

bool AsksCallers(const Patient& patient) {
  return !patient.options.caller_keys.empty() || (patient.file && !patient.file->callers.empty());
}

// 0, or why nobody can listen there.
int ErrnoOfListening(const net::SocketAddress& address) {
  const int fd = socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  const int one = 1;
  // Of connections that are over something may be left, which is in nobody's way.
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  const int failed = bind(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.length);
  const int reason = failed == 0 ? 0 : errno;
  close(fd);
  return reason;
}

bool GatewayAnswersAt(const net::SocketAddress& address) {
  net::SocketAddress near = address;
  const std::string any = address.storage.ss_family == AF_INET6 ? "::1" : "127.0.0.1";
  const std::string text = address.ToString();
  if (text.starts_with("0.0.0.0:") || text.starts_with("[::]:"))
    net::SocketAddress::Parse(any, address.port(), &near);
  WebAnswer answer;
  const WebRequest request{.url = "http://" + near.ToString() + "/healthz",
                           .timeout = std::chrono::seconds(1)};
  return Ask(request, &answer).ok() && answer.status == 200 && answer.body == R"({"status":"ok"})";
}

}  // namespace

void LookAtKeys(const Patient& patient, Findings* findings) {
  const size_t before = findings->size();
  for (const FoundKey& key : patient.keys) {
    if (FileReplaces(patient, key.provider->name)) continue;
    const std::string text = key.provider->name + ": key in " + VariablesOf(key);
    if (key.problem.empty()) {
      findings->push_back({"keys", State::kOk, text});
    } else {
      findings->push_back({"keys", State::kBad, text + ", but it is no good: " + key.problem});
    }
  }
  if (patient.file) {
    for (const config::ProviderSettings& provider : patient.file->providers) {
      if (provider.api_key.empty()) continue;
      const auto& lacking = patient.lacking;
      const bool here = std::find(lacking.begin(), lacking.end(),
                                  "providers." + provider.name + ".api_key") == lacking.end();
      findings->push_back({"keys", here ? State::kOk : State::kNote,
                           provider.name + ": key of the config file" + (here ? "" : ", which is not here")});
    }
  }
  if (findings->size() > before) return;
  findings->push_back(
      {"keys", State::kNote,
       "no provider's key was found, so callers send their own; `portolan providers` lists the "
       "variables"});
}

void LookAtExposure(const Patient& patient, Findings* findings) {
  const config::ServeOptions& options = patient.options;
  const bool asks = AsksCallers(patient);
  const std::vector<std::string> held = HeldKeys(patient);
  const absl::Status status = config::CheckExposure(options, held, asks);
  if (!status.ok()) findings->push_back({"exposure", State::kBad, std::string(status.message())});
  const std::string who = asks ? "who must present a key" : "without a key";
  const std::string how = options.tls_cert.empty() ? "in plain text" : "over TLS";
  struct DoorPlace {
    std::string_view name;
    const std::string& address;
  };
  for (const DoorPlace& door : {DoorPlace{"REST", options.http}, DoorPlace{"gRPC", options.grpc}}) {
    const bool here = config::IsLoopbackAddress(door.address);
    const std::string text = std::string(door.name) + " on " + door.address + ": " +
                             (here ? "programs of this machine, " : "other machines too, ") + who + ", " +
                             how;
    findings->push_back({"exposure", here || asks ? State::kOk : State::kNote, text});
  }
  const bool admin_here = config::IsLoopbackAddress(options.admin);
  findings->push_back({"exposure", State::kOk,
                       "admin on " + options.admin + ": " +
                           (admin_here ? "programs of this machine, " : "other machines too, ") +
                           (options.admin_key.empty() ? "without a key" : "who must present the admin key")});
}

void LookAtPorts(const Patient& patient, Findings* findings) {
  const config::ServeOptions& options = patient.options;
  bool gateway = false;
  // gRPC last: who listens there cannot be asked, but a gateway has all three.
  const std::array<std::pair<std::string_view, const std::string*>, 3> doors = {
      {{"--http", &options.http}, {"--admin", &options.admin}, {"--grpc", &options.grpc}}};
  for (const auto& [flag, text] : doors) {
    const auto address = net::ParseAddress(*text);
    if (!address.ok()) {
      findings->push_back(
          {"ports", State::kBad, std::string(flag) + ": " + std::string(address.status().message())});
      continue;
    }
    const int reason = ErrnoOfListening(*address);
    const std::string where = std::string(flag) + " " + *text;
    if (reason == 0) {
      findings->push_back({"ports", State::kOk, where + " is free"});
    } else if (reason == EADDRINUSE && ((gateway && flag == "--grpc") || GatewayAnswersAt(*address))) {
      gateway = true;
      findings->push_back({"ports", State::kNote, where + " is in use by a gateway that runs already"});
    } else {
      findings->push_back({"ports", State::kBad, where + " cannot be listened on: " + std::strerror(reason)});
    }
  }
}

void LookAtSystem(const Patient& patient, Findings* findings) {
  const std::optional<uint64_t> limit = net::RaiseDescriptorLimit();
  if (!limit) {
    findings->push_back({"limits", State::kNote, std::string("descriptors: ") + std::strerror(errno)});
  } else if (*limit >= net::kFewDescriptors) {
    const std::string count = *limit == UINT64_MAX ? "no limit" : std::to_string(*limit);
    findings->push_back({"limits", State::kOk, "descriptors: " + count});
  } else {
    findings->push_back({"limits", State::kNote,
                         "descriptors: " + std::to_string(*limit) +
                             "; each call takes two, so that this is enough for some " +
                             std::to_string(*limit / 2) + " at a time: see `ulimit -Hn`"});
  }
  const std::string authorities = net::SystemAuthorities();
  if (!authorities.empty()) {
    findings->push_back({"trust", State::kOk, "certificate authorities in " + authorities});
  } else if (!patient.options.upstream_ca.empty()) {
    findings->push_back(
        {"trust", State::kOk, "certificate authorities in " + patient.options.upstream_ca + " alone"});
  } else {
    findings->push_back(
        {"trust", State::kBad,
         "this system has no certificate authorities, so that no provider is trusted: install "
         "ca-certificates, or name a file with --upstream-ca"});
  }
}

}  // namespace portolan::cli
