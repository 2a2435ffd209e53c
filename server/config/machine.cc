#include "server/config/machine.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
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

// Calls `visit` with the folder of each group from the process's own up to the top. A container that does not
// see its own path has its limits at the top.
template <typename Visit>
void ForEachGroup(const std::string& root, std::string_view controller, Visit visit) {
  const std::string groups = ReadFile(root + "/proc/self/cgroup");
  std::string mount = root + "/sys/fs/cgroup";
  if (!controller.empty()) mount.append("/").append(controller);
  std::string path(CgroupPath(groups, controller));
  while (true) {
    visit(mount + path);
    const size_t slash = path.rfind('/');
    if (slash == std::string::npos) return;
    path.resize(slash);
  }
}

// The tightest of many limits.
template <typename T>
void Tighten(const std::optional<T>& limit, std::optional<T>* tightest) {
  if (limit && (!*tightest || *limit < **tightest)) *tightest = limit;
}

}  // namespace

std::optional<double> QuotaOfGroups(const std::string& root) {
  std::optional<double> tightest;
  ForEachGroup(root, "", [&](const std::string& folder) {
    Tighten(CoresOfQuota(ReadFile(folder + "/cpu.max")), &tightest);
  });
  ForEachGroup(root, "cpu", [&](const std::string& folder) {
    const std::string quota = ReadFile(folder + "/cpu.cfs_quota_us");
    Tighten(CoresOfQuota(quota + " " + ReadFile(folder + "/cpu.cfs_period_us")), &tightest);
  });
  return tightest;
}

std::optional<uint64_t> MemoryOfGroups(const std::string& root) {
  std::optional<uint64_t> tightest;
  ForEachGroup(root, "", [&](const std::string& folder) {
    Tighten(BytesOfLimit(ReadFile(folder + "/memory.max")), &tightest);
  });
  ForEachGroup(root, "memory", [&](const std::string& folder) {
    Tighten(BytesOfLimit(ReadFile(folder + "/memory.limit_in_bytes")), &tightest);
  });
  return tightest;
}

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

std::optional<uint64_t> BytesOfLimit(std::string_view text) {
  uint64_t bytes;
  if (std::from_chars(text.data(), text.data() + text.size(), bytes).ec != std::errc()) return std::nullopt;
  // Version 1 has no word for "none", but the largest number of whole pages.
  if (bytes == 0 || bytes > uint64_t{1} << 62) return std::nullopt;
  return bytes;
}

std::string_view CgroupPath(std::string_view proc_self_cgroup, std::string_view controller) {
  // Each line is `ID:CONTROLLERS:PATH`; controllers stand between commas, and version 2 names none.
  while (!proc_self_cgroup.empty()) {
    const size_t end = std::min(proc_self_cgroup.find('\n'), proc_self_cgroup.size());
    const std::string_view line = proc_self_cgroup.substr(0, end);
    proc_self_cgroup.remove_prefix(std::min(end + 1, proc_self_cgroup.size()));
    const size_t first = line.find(':');
    const size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    std::string_view controllers = line.substr(first + 1, second - first - 1);
    bool named = controllers == controller;
    while (!named && !controllers.empty()) {
      const size_t comma = std::min(controllers.find(','), controllers.size());
      named = controllers.substr(0, comma) == controller;
      controllers.remove_prefix(std::min(comma + 1, controllers.size()));
    }
    if (!named) continue;
    const std::string_view path = line.substr(second + 1);
    return path == "/" ? std::string_view() : path;
  }
  return {};
}

int UsableCores() {
  // It counts what the affinity of the process allows.
  int cores = std::max(static_cast<int>(std::thread::hardware_concurrency()), 1);
  if (const auto quota = QuotaOfGroups())
    cores = std::min(cores, static_cast<int>(std::ceil(std::min(*quota, 1e6))));
  return std::max(cores, 1);
}

uint64_t UsableMemory() {
  const long pages = sysconf(_SC_PHYS_PAGES);  // NOLINT(google-runtime-int): as the system has it
  const long size = sysconf(_SC_PAGESIZE);     // NOLINT(google-runtime-int)
  std::optional<uint64_t> tightest;
  if (pages > 0 && size > 0) tightest = static_cast<uint64_t>(pages) * static_cast<uint64_t>(size);
  Tighten(MemoryOfGroups(), &tightest);
  return tightest.value_or(std::numeric_limits<uint64_t>::max());
}

}  // namespace portolan::config
