#include "tests/support/answer_log.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <utility>

namespace portolan::test {
namespace {

const char* LogPath() { return std::getenv("PORTOLAN_OPENAI_ANSWER_LOG"); }

std::string TestName() {
  const auto* const info = testing::UnitTest::GetInstance()->current_test_info();
  return info == nullptr ? "" : std::string(info->test_suite_name()) + "." + info->name();
}

void Append(std::string_view provider, nlohmann::json line) {
  line["by"] = TestName();
  line["provider"] = provider;
  // What is no UTF-8 is not JSON either, and stays so.
  std::ofstream(LogPath(), std::ios::app)
      << line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

void LogAnswer(std::string_view provider, std::string_view kind, const nlohmann::json& body) {
  if (LogPath() != nullptr) Append(provider, {{std::string(kind), body}});
}

void LogStream(std::string_view provider, const std::vector<nlohmann::json>& chunks) {
  if (LogPath() != nullptr) Append(provider, {{"stream", chunks}});
}

void LogReply(std::string_view provider, std::string_view path, int status, const std::string& body) {
  if (LogPath() == nullptr || provider.empty()) return;
  Append(provider, {{"path", path}, {"status", status}, {"body", body}});
}

}  // namespace portolan::test
