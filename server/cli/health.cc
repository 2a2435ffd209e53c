// `portolan health`.

#include <chrono>
#include <cstdio>

#include "server/base/host.h"
#include "server/cli/handlers.h"
#include "server/cli/web.h"
#include "server/config/flags.h"
#include "server/config/values.h"
#include "server/config_file/config_file.h"

namespace portolan::cli {
namespace {

// The URL at which something that listens there is reached from this machine; "" if it is no address.
std::string UrlOf(const std::string& listen) {
  ListenAddress address;
  std::string problem;
  if (!ParseListenAddress(listen, &address, &problem)) return "";
  std::string host = address.host;
  if (host.empty() || host == "0.0.0.0") host = "127.0.0.1";
  if (host == "::") host = "::1";
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  return "http://" + host + ":" + std::to_string(address.port);
}

// What --admin says: a URL, or an address; a host without scheme may be any name.
std::string UrlOfFlag(const std::string& said) {
  if (said.find("://") != std::string::npos) return said;
  const std::string url = UrlOf(said);
  return url.empty() ? "http://" + said : url;
}

// Where the file says that the admin listener is; "" if it does not say.
absl::StatusOr<std::string> AdminOfFile(const std::string& path) {
  config::ConfigProblems problems;
  const auto file = config::ConfigFile::Read(path, &problems);
  if (file == nullptr) return absl::InvalidArgumentError(config::DescribeProblems(path, problems));
  return file->message().listen().admin();
}

// By the same order as `portolan serve`: flag, variable, file, default.
absl::StatusOr<std::string> AdminUrl(const Arguments& arguments, const Host& host) {
  if (arguments.Has("--admin")) return UrlOfFlag(arguments.Get("--admin"));
  auto admin = config::ReadVariable(host.environment, "PORTOLAN_ADMIN");
  std::string path = arguments.Get("--config");
  if (path.empty()) path = config::ReadVariable(host.environment, "PORTOLAN_CONFIG").value_or("");
  if (!admin && !path.empty()) {
    auto said = AdminOfFile(path);
    if (!said.ok()) return said.status();
    if (!said->empty()) admin = *std::move(said);
  }
  if (!admin) admin = config::ServeOptions().admin;
  std::string url = UrlOf(*admin);
  if (url.empty()) return absl::InvalidArgumentError("PORTOLAN_ADMIN: an address is HOST:PORT");
  return url;
}

}  // namespace

int Health(const Arguments& arguments, const Host& host) {
  WebRequest request;
  request.timeout = std::chrono::seconds(2);
  if (arguments.Has("--timeout")) {
    std::string problem;
    const std::string said = arguments.Get("--timeout");
    if (!config::ParseDuration(said, &request.timeout, &problem))
      return Fail(host, "--timeout \"" + said + "\": " + problem, 2);
    if (request.timeout.count() == 0) return Fail(host, "--timeout: it must be longer than nothing", 2);
  }
  const auto url = AdminUrl(arguments, host);
  if (!url.ok()) return Fail(host, std::string(url.status().message()));
  request.url = *url + "/readyz";
  WebAnswer answer;
  const absl::Status status = Ask(request, &answer);
  if (absl::IsInvalidArgument(status)) return Fail(host, std::string(status.message()), 2);
  if (!status.ok()) return Fail(host, "not ready: " + std::string(status.message()));
  if (answer.status != 200) {
    return Fail(host, "not ready: " + request.url + " answers with status " + std::to_string(answer.status) +
                          ": " + Printable(answer.body));
  }
  std::fprintf(host.out, "ready: %s\n", url->c_str());
  return 0;
}

}  // namespace portolan::cli
