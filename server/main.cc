#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/cli/command.h"
#include "server/config/flags.h"
#include "server/gateway.h"
#include "server/local_gateway.h"
#include "server/settings.h"

namespace {

bool standard_descriptors_open = false;

// Where one of stdin, stdout and stderr is closed, the next file or socket would get its number, and whatever
// writes to stderr would write to some caller. Runs before main, and before the initialisation of gRPC's
// library, which opens descriptors.
[[gnu::constructor(101)]] void OpenStandardDescriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    // The lowest number that is free is this one, as those below it are open.
    if (open("/dev/null", O_RDWR) != fd) return;
  }
  standard_descriptors_open = true;
}

// The variables that look like ours.
std::vector<std::string> VariableNames() {
  std::vector<std::string> names;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    if (text.starts_with("PORTOLAN_")) names.emplace_back(text.substr(0, text.find('=')));
  }
  return names;
}

// Blocked before any thread starts, so that only the main thread takes them.
sigset_t BlockSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGHUP);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return set;
}

// Of every thread made from now on. A gRPC call wakes its shard's thread, and the answer wakes gRPC's; where
// they share a core each wake-up would run at once in the place of the thread that made it, one call at a
// time. Threads of this policy wait until it has done what it had to do, and find more to do in one go: that
// saves a quarter of the time of such a call. What the kernel refuses changes nothing else.
void LetThreadsFinish() {
  const sched_param parameters{};
  sched_setscheduler(0, SCHED_BATCH, &parameters);
}

// Waits until the process is to end; SIGHUP reloads.
void WaitForEnd(const sigset_t& set, portolan::Gateway& gateway) {
  int received = 0;
  while (sigwait(&set, &received) != 0 || received == SIGHUP) {
    if (received == SIGHUP) gateway.Reload();
  }
}

int Fail(std::string_view problem) {
  std::fprintf(stderr, "portolan: %.*s\n", static_cast<int>(problem.size()), problem.data());
  return 1;
}

int Serve(std::span<const std::string_view> flags, const portolan::config::Environment& environment) {
  const auto given = portolan::config::ParseServeFlags(flags, environment);
  if (!given.ok()) {
    Fail(std::string(given.status().message()));
    return 2;
  }
  const portolan::SettingsLoader load = [&] { return portolan::LoadSettings(*given, flags, environment); };
  auto settings = load();
  if (!settings.ok()) {
    // Lines that begin with the file's name, for people and editors.
    std::fprintf(stderr, "%s\n", std::string(settings.status().message()).c_str());
    return 1;
  }
  settings->variables = VariableNames();
  const portolan::config::ServeOptions& options = settings->options;
  const sigset_t signals = BlockSignals();
  LetThreadsFinish();
  auto gateway = portolan::Gateway::Start(*settings, environment, load);
  if (!gateway.ok()) return Fail(std::string(gateway.status().message()));
  std::printf("portolan serves REST on %s://%s, gRPC on %s, admin on http://%s\n",
              options.tls_cert.empty() ? "http" : "https", (*gateway)->http_address().c_str(),
              (*gateway)->grpc_address().c_str(), (*gateway)->admin_address().c_str());
  std::fflush(stdout);
  WaitForEnd(signals, **gateway);
  // A second signal ends the process without waiting.
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  (*gateway)->Drain();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (!standard_descriptors_open) {
    return Fail("a standard descriptor is closed and /dev/null cannot be opened");
  }
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  portolan::cli::Host host;
  host.environment = [](const char* name) -> const char* { return std::getenv(name); };
  host.serve = [&host](std::span<const std::string_view> flags) { return Serve(flags, host.environment); };
  host.start_local = [&host](const std::string& config_file) {
    return portolan::StartLocalGateway(config_file, host.environment);
  };
  return portolan::cli::Run(arguments, host);
}
