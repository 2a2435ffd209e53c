#include "server/telemetry/process_metrics.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/telemetry/exposition.h"

namespace portolan::telemetry {
namespace {

// A file of /proc, of which the first 16 KB are enough.
std::string ReadSmallFile(const char* path) {
  std::string text(16384, '\0');
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  const ssize_t n = read(fd, text.data(), text.size());
  close(fd);
  text.resize(n > 0 ? static_cast<size_t>(n) : 0);
  return text;
}

// The field with this number (from 1) of a line of words.
std::optional<uint64_t> Field(std::string_view line, int number) {
  for (int i = 1; !line.empty(); ++i) {
    const size_t end = std::min(line.find(' '), line.size());
    if (i == number) {
      uint64_t value = 0;
      const auto result = std::from_chars(line.data(), line.data() + end, value);
      if (result.ec != std::errc() || result.ptr == line.data()) return std::nullopt;
      return value;
    }
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return std::nullopt;
}

std::optional<uint64_t> OpenDescriptors() {
  // Since Linux 6.2 the size of the folder is the number of descriptors; before, it is 0.
  struct stat info;
  if (stat("/proc/self/fd", &info) == 0 && info.st_size > 0) return static_cast<uint64_t>(info.st_size);
  DIR* const folder = opendir("/proc/self/fd");
  if (folder == nullptr) return std::nullopt;
  uint64_t count = 0;
  while (const dirent* entry = readdir(folder)) count += entry->d_name[0] != '.';
  closedir(folder);
  return count - 1;  // the folder's own
}

// When the machine started, in seconds since 1970.
std::optional<uint64_t> BootTime() {
  const int fd = open("/proc/stat", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  // The line comes after one line for each core and one with a number for each interrupt.
  std::string text;
  char buffer[16384];
  std::optional<uint64_t> found;
  for (ssize_t n; !found && text.size() < (1u << 20) && (n = read(fd, buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<size_t>(n));
    const size_t at = text.find("\nbtime ");
    if (at == std::string::npos) continue;
    const size_t end = text.find('\n', at + 1);
    if (end != std::string::npos) found = Field(std::string_view(text).substr(at + 1, end - at - 1), 2);
  }
  close(fd);
  return found;
}

void Write(std::string_view name, std::string_view help, std::string_view type, double value,
           Exposition* out) {
  out->Family(name, help, type);
  out->Sample(name, {}, value);
}

}  // namespace

void WriteProcessMetrics(Exposition* out) {
  const std::string stat = ReadSmallFile("/proc/self/stat");
  // The name in field 2 may hold anything, also `)`: count from behind its last one, where field 3 starts.
  const size_t name_end = stat.rfind(") ");
  const std::string_view fields =
      name_end == std::string::npos ? std::string_view() : std::string_view(stat).substr(name_end + 2);
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const std::optional<uint64_t> threads = Field(fields, 20 - 2);
  const std::optional<uint64_t> started = Field(fields, 22 - 2);
  const std::optional<uint64_t> virtual_bytes = Field(fields, 23 - 2);
  const std::optional<uint64_t> resident_pages = Field(fields, 24 - 2);

  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) == 0) {
    const auto seconds = [](const timeval& t) {
      return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
    };
    Write("process_cpu_seconds_total", "User and system CPU time spent in seconds.", "counter",
          seconds(usage.ru_utime) + seconds(usage.ru_stime), out);
  }
  if (resident_pages) {
    Write("process_resident_memory_bytes", "Resident memory size in bytes.", "gauge",
          static_cast<double>(*resident_pages) * static_cast<double>(sysconf(_SC_PAGESIZE)), out);
  }
  if (virtual_bytes) {
    Write("process_virtual_memory_bytes", "Virtual memory size in bytes.", "gauge",
          static_cast<double>(*virtual_bytes), out);
  }
  if (threads)
    Write("process_threads", "Threads of the process.", "gauge", static_cast<double>(*threads), out);
  if (const auto descriptors = OpenDescriptors()) {
    Write("process_open_fds", "Number of open file descriptors.", "gauge", static_cast<double>(*descriptors),
          out);
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    Write("process_max_fds", "Maximum number of open file descriptors.", "gauge",
          static_cast<double>(limit.rlim_cur), out);
  }
  if (const auto boot = BootTime(); boot && started) {
    Write("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", "gauge",
          static_cast<double>(*boot) + static_cast<double>(*started) / ticks, out);
  }
  out->Family("portolan_build_info", "Always 1; the labels tell what was built.", "gauge");
  const Label labels[] = {{"version", PORTOLAN_VERSION}};
  out->Sample("portolan_build_info", labels, uint64_t{1});
}

}  // namespace portolan::telemetry
