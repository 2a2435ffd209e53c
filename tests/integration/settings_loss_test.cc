// What a config file loses that was emptied or cut short.

#include "server/settings_loss.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <vector>

#include "server/config/flags.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/config/fake_environment.h"

namespace portolan {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Variables = std::map<std::string, std::string>;

class SettingsLossTest : public ::testing::Test {
 protected:
  const test::TempFolder folder_;
  Variables variables_ = {{"A", "key-a"}, {"B", "key-b"}, {"BI", "key-bi"}, {"LAB", "key-lab"}};

  absl::StatusOr<Settings> Load(const std::string& text) const {
    const std::string path = folder_.path() + "/portolan.yaml";
    std::ofstream(path, std::ios::trunc | std::ios::binary) << text;
    const std::string config = "--config=" + path;
    const std::vector<std::string_view> arguments = {config};
    const auto environment = config::FakeEnvironment(variables_);
    const auto options = config::ParseServeFlags(arguments, environment);
    if (!options.ok()) return options.status();
    return LoadSettings(*options, arguments, environment);
  }
  std::string Loss(const std::string& before, const std::string& now) const {
    const auto in_use = Load(before);
    const auto next = Load(now);
    EXPECT_TRUE(in_use.ok()) << in_use.status();
    EXPECT_TRUE(next.ok()) << next.status();
    return in_use.ok() && next.ok() ? LossOf(*in_use, *next) : "does not load";
  }
};

constexpr char kTwoCallers[] =
    "callers:\n  keys:\n    - {name: a, key: env:A}\n    - {name: b, key: env:B, models: [gpt-*]}\n";

TEST_F(SettingsLossTest, AnEmptyFileTakesNoPlace) {
  for (const char* empty : {"", "\n\n", " \t\r\n", "# was here\n", "null", "~\n", "{}", "---\n",
                            "---\n# x\n...\n", "\xef\xbb\xbf", "providers:\n",
                            "listen: {}\ncallers: {keys: []}\n", "timeouts: {idle: null}\nroutes: {}\n"}) {
    EXPECT_THAT(Loss("log_level: warn\n", empty), HasSubstr("the file is empty")) << empty;
    EXPECT_THAT(Loss(kTwoCallers, empty), HasSubstr("the file is empty")) << empty;
    // Nothing is lost where nothing was.
    EXPECT_THAT(Loss("# nothing yet\n", empty), IsEmpty()) << empty;
  }
  variables_["PORTOLAN_ALLOW_UNAUTHENTICATED"] = "true";
  EXPECT_THAT(Loss("log_level: warn\n", ""), HasSubstr("the file is empty"));
  EXPECT_THAT(Loss("log_level: warn\n", "log_level: info\n"), IsEmpty());
}

TEST_F(SettingsLossTest, TheLastCallerKeyStays) {
  const std::string other = "log_level: warn\n";
  EXPECT_THAT(Loss(kTwoCallers, other), HasSubstr("--allow-unauthenticated"));
  EXPECT_THAT(Loss(kTwoCallers, "callers: {cors_origins: [https://a.example]}\n"),
              HasSubstr("takes away every caller key"));
  // A file cannot mean it by itself: it may be what a cut has left.
  EXPECT_THAT(Loss(kTwoCallers, "callers: {allow_unauthenticated: true}\n"),
              HasSubstr("takes away every caller key"));
  EXPECT_THAT(Loss(kTwoCallers, "callers: {keys: [{name: a, key: env:A}]}\n"), IsEmpty());
  EXPECT_THAT(Loss(kTwoCallers, "callers: {keys: [{name: new, key: env:BI}]}\n"), IsEmpty());
  EXPECT_THAT(Loss(other, "log_level: info\n"), IsEmpty()) << "there were none";
}

TEST_F(SettingsLossTest, KeysOfTheEnvironmentAreKeysStill) {
  variables_["PORTOLAN_CALLER_KEYS"] = "of-the-environment";
  EXPECT_THAT(Loss(kTwoCallers, "log_level: warn\n"), IsEmpty());
  EXPECT_THAT(Loss(kTwoCallers, ""), HasSubstr("the file is empty"));
}

TEST_F(SettingsLossTest, AFlagOrVariableMeansIt) {
  variables_["PORTOLAN_ALLOW_UNAUTHENTICATED"] = "true";
  EXPECT_THAT(Loss(kTwoCallers, "log_level: warn\n"), IsEmpty());
}

TEST_F(SettingsLossTest, WhatWasEditedIsNoCut) {
  const std::string file = kTwoCallers;
  // The last caller is gone.
  EXPECT_THAT(Loss(file, file.substr(0, file.rfind("    - "))), IsEmpty());
  // The same in another notation, and a file without its last line feed.
  EXPECT_THAT(Loss(file, "callers: {keys: [{name: a, key: env:A}, {name: b, key: env:B}]}\n"), IsEmpty());
  EXPECT_THAT(Loss(file, file.substr(0, file.size() - 1)), IsEmpty());
  EXPECT_THAT(Loss(file + "\n# the end \n", file + "\n# the end"), IsEmpty());
  EXPECT_THAT(Loss("default_provider: echo\n", "default_provider: openai\n"), IsEmpty());
}

// Everything that may stand at the end of what is left, in block style, so that most cuts are files.
constexpr char kBlockStyle[] = R"(log_level: info
callers:
  cors_origins:
    - https://a.example
    - https://b.example
  keys:
    - name: a
      key: env:A
    - name: b
      key: env:BI
      models:
        - gpt-4.1-mini
        - gpt-5*
      routes:
        - main
        - main-safe
      input_guardrails:
        - polite
        - notNull: {}
guardrails:
  polite:
    default.regexMatch:
      rule: damn
      not: true
    deny: true
  short:
    wordCount:
      maxWords: 500
default_output_guardrails:
  - polite
  - short
middleware:
  audit:
    grpc: 127.0.0.1:50051
    tls: true
    hooks:
      - response
      - end
    timeout: 2s
    headers:
      - x-team
      - x-tenant
  redactor:
    webhook: https://hooks.example.com/redact
    on_error: pass
default_middleware:
  - audit
  - redactor
providers:
  openai:
    api_key: env:LAB
    base_url: https://proxy.example.com/v1
  lab:
    base_url: http://llm.internal:8000/v1/models
    api_key: env:LAB
    auth:
      header: x-lab-key
routes:
  main:
    provider: lab
    override_params:
      model: llama-3.3-70b
      temperature: 0.25
  main-safe:
    strategy:
      mode: fallback
    targets:
      - provider: lab
        override_params:
          model: small
      - provider: openai
aliases:
  fast: main
  safe: main-safe
default_route: main-safe
)";

// Before what lines a file may have been shortened by somebody: not within an entry.
bool BeginsAnEntry(const std::string& line) {
  static const std::set<std::string> kEntries = {
      "    - name: a", "    - name: b", "  openai:",         "  lab:",    "  main:",
      "  main-safe:",  "  fast: main",  "  safe: main-safe", "  polite:", "  short:"};
  // Default guardrails are not to go by mistake.
  if (line == "default_output_guardrails:") return false;
  return line[0] != ' ' || kEntries.contains(line);
}

TEST_F(SettingsLossTest, NoCutPutsHalfAnEntryToUse) {
  const std::string whole = kBlockStyle;
  const auto in_use = Load(whole);
  ASSERT_TRUE(in_use.ok()) << in_use.status();
  int used = 0;
  int files = 0;
  for (size_t size = 0; size < whole.size() - 1; ++size) {
    const auto cut = Load(whole.substr(0, size));
    if (!cut.ok()) continue;
    ++files;
    if (!LossOf(*in_use, *cut).empty()) continue;
    ++used;
    SCOPED_TRACE("cut behind\n" + whole.substr(0, size));
    // At the end of a line, before or behind its line feed.
    const size_t next = whole[size] == '\n' ? size + 1 : size;
    ASSERT_EQ(whole[next - 1], '\n');
    EXPECT_TRUE(BeginsAnEntry(whole.substr(next, whole.find('\n', next) - next)));
    EXPECT_FALSE(cut->file->callers.empty());
  }
  EXPECT_GT(files, 100) << "of " << whole.size();
  EXPECT_GT(used, 5);
}

}  // namespace
}  // namespace portolan
