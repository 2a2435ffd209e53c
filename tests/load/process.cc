#include "tests/load/process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "tests/support/eventually.h"
#include "tests/support/gateway_fixture.h"

namespace portolan::load {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kPoll{5};

std::string Contents(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

std::string FreeAddress() {
  constexpr int kFirst = 10'000;
  // What connects, or listens on port 0, gets a port from here on: any of these may be gone by the time that
  // a gateway asks for it.
  static const int end = [] {
    int from = 32'768;
    std::ifstream("/proc/sys/net/ipv4/ip_local_port_range") >> from;
    return std::max(from, kFirst + 1);
  }();
  static int next = getpid() * 100;  // other tests begin elsewhere
  for (;;) {
    const int port = kFirst + next++ % (end - kFirst);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int one = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(port));
    const bool free = bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    close(fd);
    if (free) return "127.0.0.1:" + std::to_string(port);
  }
}

std::string Binary() { return std::getenv("PORTOLAN_BINARY"); }

Process::Process(std::string binary)
    : binary_(std::move(binary)), http_(FreeAddress()), grpc_(FreeAddress()), admin_(FreeAddress()) {}

Process::~Process() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void Process::Start(const std::vector<std::string>& flags, const Terms& terms) {
  std::vector<std::string> arguments = {binary_, "serve"};
  for (const auto& [flag, address] :
       {std::pair("--http", http_), std::pair("--grpc", grpc_), std::pair("--admin", admin_)}) {
    if (std::find(flags.begin(), flags.end(), flag) == flags.end())
      arguments.insert(arguments.end(), {flag, address});
  }
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const std::string out = folder_.path() + "/out";
  const std::string err = folder_.path() + "/err";
  pid_ = fork();
  if (pid_ != 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
  dup2(open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
  if (terms.max_files != 0) {
    const rlimit limit{terms.max_files, terms.max_files};
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  // Of the tests, and not for a gateway, which would warn of them.
  for (const char* name : {"PORTOLAN_BINARY", "PORTOLAN_RECORDINGS", "PORTOLAN_SOAK_SECONDS"}) unsetenv(name);
  for (const int fd : terms.closed) close(fd);
  for (const auto& [name, value] : terms.environment) setenv(name.c_str(), value.c_str(), 1);
  execv(pointers[0], pointers.data());
  _exit(127);
}

bool Process::Ready() const { return test::TestClient(http_).Get("/readyz").status == 200; }

bool Process::WaitUntilReady() const {
  return test::Eventually([this] { return Ready(); });
}

bool Process::WaitUntilListening() const {
  return test::Eventually([this] { return !test::TestClient(http_).closed(); });
}

size_t Process::ResidentBytes() const {
  std::ifstream statm("/proc/" + std::to_string(pid_) + "/statm");
  size_t total = 0;
  size_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

double Process::CpuSeconds() const {
  const std::string stat = Contents("/proc/" + std::to_string(pid_) + "/stat");
  // Behind the name: state, and 10 more before the two times, in ticks.
  std::istringstream fields(stat.substr(stat.rfind(')') + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0;
  double kernel = 0;
  fields >> user >> kernel;
  return (user + kernel) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

std::string Process::Descriptor(int fd) const {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/" + std::to_string(pid_) + "/fd/" + std::to_string(fd), ignored)
      .string();
}

size_t Process::OpenDescriptors(size_t below) const {
  const std::filesystem::directory_iterator all("/proc/" + std::to_string(pid_) + "/fd");
  return static_cast<size_t>(std::count_if(begin(all), end(all), [&](const auto& entry) {
    return std::stoul(entry.path().filename().string()) < below;
  }));
}

void Process::Signal(int signal) const { kill(pid_, signal); }

int Process::Wait(int seconds) {
  const auto until = Clock::now() + std::chrono::seconds(seconds);
  int status = 0;
  while (waitpid(pid_, &status, WNOHANG) == 0) {
    if (Clock::now() >= until) return -1;
    std::this_thread::sleep_for(kPoll);
  }
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string Process::Stdout() const { return Contents(folder_.path() + "/out"); }
std::string Process::Stderr() const { return Contents(folder_.path() + "/err"); }

}  // namespace portolan::load
