#pragma once

#include <stdio.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace portolan::telemetry {

// An unnamed file that takes the log's place at stderr.
class LogFile {
 public:
  LogFile() : file_(tmpfile()) {}
  ~LogFile() { fclose(file_); }
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  int fd() const { return fileno(file_); }

  std::string Text() const {
    std::string text;
    char buffer[65536];
    for (ssize_t n; (n = pread(fd(), buffer, sizeof buffer, static_cast<off_t>(text.size()))) > 0;) {
      text.append(buffer, static_cast<size_t>(n));
    }
    return text;
  }

  // Each line as JSON; a line that is none becomes a discarded value.
  std::vector<nlohmann::json> Lines() const {
    std::vector<nlohmann::json> lines;
    const std::string text = Text();
    for (size_t at = 0; at < text.size();) {
      const size_t end = text.find('\n', at);
      lines.push_back(nlohmann::json::parse(text.substr(at, end - at), nullptr, false));
      at = end == std::string::npos ? text.size() : end + 1;
    }
    return lines;
  }

 private:
  FILE* file_;
};

}  // namespace portolan::telemetry
