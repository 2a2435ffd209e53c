#pragma once

// Config files of tests.

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "server/config_file/config_file.h"
#include "tests/unit/config/fake_environment.h"

namespace portolan::config {

using Variables = std::map<std::string, std::string>;

// What is said of a text under the name `f`; empty if it is good.
inline std::string ProblemsOf(std::string_view text) {
  ConfigProblems problems;
  const auto file = ConfigFile::Parse("f", text, &problems);
  EXPECT_EQ(file == nullptr, !problems.empty()) << text;
  return DescribeProblems("f", problems);
}

// The settings of a text that is known to be good.
inline FileSettings Settled(std::string_view text, Variables variables = {}) {
  ConfigProblems problems;
  FileSettings settings;
  const auto file = ConfigFile::Parse("f", text, &problems);
  if (file != nullptr) file->Resolve(FakeEnvironment(std::move(variables)), &settings, &problems);
  EXPECT_EQ(DescribeProblems("f", problems), "") << text;
  return settings;
}

// A file with this content, gone at the end.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content)
      : path_(testing::TempDir() + "config_file_test_" + std::to_string(++count_)) {
    std::ofstream(path_) << content;
  }
  ~TemporaryFile() { std::remove(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  static inline int count_ = 0;
  const std::string path_;
};

}  // namespace portolan::config
