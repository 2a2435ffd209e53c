#include "server/config/cores.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <thread>

namespace portolan::config {
namespace {

std::string ReadFile(const std::string& path) {
  char buffer[4096];
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  const ssize_t n = read(fd, buffer, sizeof buffer);
  close(fd);
  return std::string(buffer, n > 0 ? static_cast<size_t>(n) : 0);
}

// Every group on the way from the process's own to the root may set a limit; the tightest holds.
std::optional<double> Quota() {
  const std::string groups = ReadFile("/proc/self/cgroup");
  std::optional<double> tightest;
  const auto consider = [&](const std::string& text) {
    const std::optional<double> cores = CoresOfQuota(text);
    if (cores && (!tightest || *cores < *tightest)) tightest = cores;
  };
  std::string path(CgroupPath(groups));
  while (true) {
    consider(ReadFile("/sys/fs/cgroup" + path + "/cpu.max"));
    const size_t slash = path.rfind('/');
    if (slash == std::string::npos) break;
    path.resize(slash);
  }
  const std::string v1 = "/sys/fs/cgroup/cpu/cpu.cfs_";
  consider(ReadFile(v1 + "quota_us") + " " + ReadFile(v1 + "period_us"));
  return tightest;
}

}  // namespace

std::optional<double> CoresOfQuota(std::string_view text) {
  int64_t quota;
  int64_t period;
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, quota);
  if (first.ec != std::errc() || quota <= 0) return std::nullopt;
  const char* const at = std::find_if(first.ptr, end, [](char c) { return c >= '0' && c <= '9'; });
  const auto second = std::from_chars(at, end, period);
  if (second.ec != std::errc() || period <= 0) return std::nullopt;
  return static_cast<double>(quota) / static_cast<double>(period);
}

std::string_view CgroupPath(std::string_view proc_self_cgroup) {
  constexpr std::string_view kV2 = "0::";
  while (!proc_self_cgroup.empty()) {
    const size_t end = std::min(proc_self_cgroup.find('\n'), proc_self_cgroup.size());
    const std::string_view line = proc_self_cgroup.substr(0, end);
    if (line.starts_with(kV2)) return line == "0::/" ? std::string_view() : line.substr(kV2.size());
    proc_self_cgroup.remove_prefix(std::min(end + 1, proc_self_cgroup.size()));
  }
  return {};
}

int UsableCores() {
  // It counts what the affinity of the process allows.
  int cores = std::max(static_cast<int>(std::thread::hardware_concurrency()), 1);
  if (const auto quota = Quota()) cores = std::min(cores, static_cast<int>(std::ceil(std::min(*quota, 1e6))));
  return std::max(cores, 1);
}

}  // namespace portolan::config
