// `portolan init`.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "providers/catalog.h"
#include "server/cli/handlers.h"
#include "server/cli/keys.h"
#include "server/cli/words.h"
#include "server/config/options.h"

namespace portolan::cli {
namespace {

constexpr char kDefaultFile[] = "portolan.yaml";

std::string Head(const std::string& path) {
  const config::ServeOptions defaults;
  const std::string name = path == "-" ? std::string(kDefaultFile) : path;
  return "# Written by `portolan init`. docs/configuration.md explains every key, `portolan config schema` "
         "is for "
         "editors.\n#\n#   portolan check " +
         name + "\n#   portolan serve --config " + name +
         "\n\n"
         "# Only this machine can call. For others: 0.0.0.0:8787, once callers have keys.\n"
         "listen:\n  http: " +
         defaults.http + "     # REST\n  grpc: " + defaults.grpc + "    # gRPC\n  admin: " + defaults.admin +
         "    # metrics, health and administration, for operators\n"
         "\n"
         "# Who may call. Without it everybody who reaches the gateway.\n"
         "# callers:\n"
         "#   keys:\n"
         "#     - name: me                      # what the log calls this caller\n"
         "#       key: env:MY_GATEWAY_KEY       # where the key is: a variable, or file:PATH\n"
         "\n";
}

// What the file can say of one key: a reference holds one variable, whole.
bool CanBeReferredTo(const FoundKey& key) { return key.variables.size() == 1 && !key.is_file; }

std::string Providers(const std::vector<FoundKey>& keys) {
  std::string text =
      "# Providers. The file holds no keys, but says where they are. Those of all other providers are read "
      "from the\n"
      "# variables that `portolan providers` lists.\n";
  const bool any = std::any_of(keys.begin(), keys.end(), CanBeReferredTo);
  const std::string comment = any ? "" : "# ";
  text += comment + "providers:\n";
  for (const FoundKey& key : keys) {
    if (CanBeReferredTo(key)) {
      text += "  " + key.provider->name + ": {api_key: \"env:" + key.variables.front() + "\"}\n";
    } else {
      const std::vector<std::string_view> names(key.variables.begin(), key.variables.end());
      text += "  # " + key.provider->name + " has its key from " + Enumerated(names, "and") +
              " without a word here\n";
    }
  }
  if (!any) text += "#   openai: {api_key: \"env:OPENAI_API_KEY\"}\n";
  return text +
         "#   lab:                              # one of your own, which speaks as OpenAI does\n"
         "#     base_url: http://llm.internal:8000/v1\n"
         "\n";
}

std::string Rest(const std::vector<FoundKey>& keys) {
  std::string text;
  const bool has_openai = std::any_of(keys.begin(), keys.end(),
                                      [](const FoundKey& key) { return key.provider->name == "openai"; });
  if (!keys.empty() && !has_openai) {
    text += "# Who serves calls that name no provider.\ndefault_provider: " + keys.front().provider->name +
            "\n\n";
  }
  const std::string first = keys.empty() ? "openai" : keys.front().provider->name;
  const std::string second = keys.size() > 1        ? keys[1].provider->name
                             : first == "anthropic" ? "openai"
                                                    : "anthropic";
  return text +
         "# Routes: where calls go, what is tried again and what is tried next. docs/routing.md has them "
         "all.\n"
         "# routes:\n"
         "#   main:\n"
         "#     strategy: {mode: fallback}\n"
         "#     retry: {attempts: 2}\n"
         "#     targets:\n"
         "#       - {provider: " +
         first + ", override_params: {model: A-MODEL-OF-ITS}}\n#       - {provider: " + second +
         ", override_params: {model: A-MODEL-OF-ITS}}\n"
         "# aliases:\n"
         "#   fast: main                        # callers write \"model\": \"fast\"\n"
         "\n"
         "# timeouts:\n"
         "#   first_byte: 2m\n";
}

// Makes a file that was not there. Returns what went wrong; empty: nothing.
std::string WriteNew(const std::string& path, const std::string& text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0 && errno == EEXIST) return path + " exists already; --output names another file";
  if (fd < 0) return path + ": " + std::strerror(errno);
  std::string problem;
  for (size_t done = 0; done < text.size() && problem.empty();) {
    const ssize_t written = write(fd, text.data() + done, text.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) problem = path + ": " + std::strerror(errno);
    if (written > 0) done += static_cast<size_t>(written);
  }
  if (close(fd) != 0 && problem.empty()) problem = path + ": " + std::strerror(errno);
  if (!problem.empty()) unlink(path.c_str());
  return problem;
}

void TellOfKeys(const std::vector<FoundKey>& keys, const Host& host) {
  if (keys.empty()) {
    std::fputs(
        "portolan: no provider's key is in the environment; `portolan providers` lists the variables\n",
        host.err);
  }
  for (const FoundKey& key : keys) {
    const std::vector<std::string_view> names(key.variables.begin(), key.variables.end());
    std::fprintf(host.err, "portolan: %s: key in %s%s%s\n", key.provider->name.c_str(),
                 Enumerated(names, "and").c_str(),
                 key.problem.empty() ? "" : ", but it is no good: ", key.problem.c_str());
  }
}

}  // namespace

int Init(const Arguments& arguments, const Host& host) {
  const std::string path = arguments.Has("--output") ? arguments.Get("--output") : kDefaultFile;
  const std::vector<FoundKey> keys = FindKeys(providers::BuiltInCatalog(), host.environment);
  const std::string text = Head(path) + Providers(keys) + Rest(keys);
  if (path == "-") {
    std::fputs(text.c_str(), host.out);
  } else if (const std::string problem = WriteNew(path, text); !problem.empty()) {
    return Fail(host, problem);
  } else {
    std::fprintf(host.out, "%s\n", path.c_str());
  }
  TellOfKeys(keys, host);
  return 0;
}

}  // namespace portolan::cli
