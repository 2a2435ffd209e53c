// `portolan guardrail test`: what it tells of a file and a text.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/cli/command.h"
#include "tests/support/temp_folder.h"

namespace portolan::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Told {
  int exit_status;
  std::string out;
  std::string err;
};

using Stream = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

std::string TextOf(std::FILE* file) {
  std::rewind(file);
  std::string text;
  for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) text += static_cast<char>(c);
  return text;
}

Told RunTest(const std::string& file, const std::vector<std::string>& flags, const std::string& typed = "") {
  test::TempFolder folder;
  const std::string path = folder.path() + "/rules";
  std::ofstream(path) << file;
  const Stream in(std::tmpfile(), std::fclose);
  const Stream out(std::tmpfile(), std::fclose);
  const Stream err(std::tmpfile(), std::fclose);
  std::fputs(typed.c_str(), in.get());
  std::rewind(in.get());
  Host host;
  host.in = in.get();
  host.out = out.get();
  host.err = err.get();
  std::vector<std::string_view> arguments = {"guardrail", "test", path};
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  const int status = Run(arguments, host);
  return {status, TextOf(out.get()), TextOf(err.get())};
}

constexpr char kRules[] = R"(
input_guardrails:
  - default.contains: {words: [swordfish], operator: none}
    deny: true
output_guardrails:
  - {portolan.pii: {redact: true}}
)";

TEST(GuardrailTest, TellsWhatEachCheckFound) {
  const Told good = RunTest(kRules, {"--input", "hello"});
  EXPECT_EQ(good.exit_status, 0) << good.err;
  EXPECT_THAT(good.out, HasSubstr("pass  input_guardrails[0]  default.contains"));
  EXPECT_THAT(good.out, HasSubstr("pass  output_guardrails[0]  portolan.pii"));
  const Told bad = RunTest(kRules, {"--input", "the word is swordfish"});
  EXPECT_EQ(bad.exit_status, 1);
  EXPECT_THAT(bad.out, HasSubstr("fail  input_guardrails[0]  default.contains"));
}

TEST(GuardrailTest, ReadsStdinAndShowsWhatIsChanged) {
  const Told told = RunTest(kRules, {"--input", "-"}, "write to jane@example.com\n");
  EXPECT_EQ(told.exit_status, 0) << told.err;
  EXPECT_THAT(told.out, HasSubstr("\nuser: write to [EMAIL]\n"));
  EXPECT_THAT(told.out, HasSubstr("the text is changed"));
  EXPECT_THAT(told.out, Not(HasSubstr("jane")));
}

TEST(GuardrailTest, TakesOneGuardrailOrAListOfJson) {
  EXPECT_EQ(RunTest(R"({"notNull":{}})", {"--input", "x"}).exit_status, 0);
  EXPECT_EQ(RunTest(R"([{"notNull":{}},{"alluppercase":{}}])", {"--input", "x"}).exit_status, 1);
  const std::string team = R"({"modelRules":{"rules":{"metadata":{"team":{"a":["m"]}}}}})";
  EXPECT_EQ(RunTest(team, {"--input", "x", "--model", "m", "--metadata", R"({"team":"a"})"}).exit_status, 0);
  const Told unknown = RunTest(team, {"--input", "x"});
  EXPECT_EQ(unknown.exit_status, 1);
  EXPECT_THAT(unknown.out, HasSubstr("error"));
}

constexpr char kFile[] = R"(
listen: {http: ":8787"}
guardrails:
  no_secrets: {default.contains: {words: [swordfish], operator: none}, deny: true, reveal: true}
  shout: {alluppercase: {}}
)";

TEST(GuardrailTest, RunsThoseOfTheGatewaysFile) {
  const Told all = RunTest(kFile, {"--input", "hello"});
  EXPECT_EQ(all.exit_status, 1) << all.err;
  EXPECT_THAT(all.out, HasSubstr("pass  guardrails.no_secrets  default.contains"));
  EXPECT_THAT(all.out, HasSubstr("fail  guardrails.shout  default.alluppercase"));

  const Told one = RunTest(kFile, {"--guardrail", "no_secrets", "--input", "hello"});
  EXPECT_EQ(one.exit_status, 0) << one.err;
  EXPECT_THAT(one.out, Not(HasSubstr("shout")));
  EXPECT_EQ(RunTest(kFile, {"--guardrail", "no_secrets", "--input", "swordfish"}).exit_status, 1);

  const Told none = RunTest(kFile, {"--guardrail", "no_secret", "--input", "hello"});
  EXPECT_EQ(none.exit_status, 2);
  EXPECT_THAT(none.err, HasSubstr("guardrails: there is none called \"no_secret\""));

  const std::string lists = std::string(kFile) + "default_input_guardrails: [no_secrets, {notNull: {}}]\n";
  const Told listed = RunTest(lists, {"--input", "hello"});
  EXPECT_EQ(listed.exit_status, 0) << listed.err;
  EXPECT_THAT(listed.out, HasSubstr("pass  default_input_guardrails[0]  default.contains"));
  EXPECT_THAT(listed.out, HasSubstr("pass  default_input_guardrails[1]  default.notNull"));
  EXPECT_THAT(listed.out, Not(HasSubstr("shout")));
}

TEST(GuardrailTest, NamesMistakes) {
  struct Case {
    std::string file;
    std::vector<std::string> flags;
    std::string problem;
  };
  const std::vector<Case> cases = {
      {"input_guardrails: [{default.contain: {words: [a]}}]",
       {"--input", "x"},
       "did you mean default.contains?"},
      {"input_guardrails: [{default.contains: {}}]", {"--input", "x"}, R"([0]["default.contains"].words)"},
      {"input_guardrails: [{default.contains: {}}", {"--input", "x"}, "rules"},
      {R"({"notNull":{}})", {}, "--input"},
      {R"({"notNull":{}})", {"--input", "x", "--guardrail", "a"}, "there is none called \"a\""},
      {"input_guardrails: [a]",
       {"--input", "x"},
       "input_guardrails[0]: no guardrail of this gateway's is called"},
      {"guardrails: {a: {reveal: 1, notNull: {}}}", {"--input", "x"}, "guardrails.a.reveal: must be true"},
      {R"({"notNull":{}})", {"--input", "x", "--metadata", "[]"}, "--metadata"},
  };
  for (const Case& one : cases) {
    const Told told = RunTest(one.file, one.flags);
    EXPECT_EQ(told.exit_status, 2) << one.file;
    EXPECT_THAT(told.err, HasSubstr(one.problem)) << one.file;
  }
}

TEST(GuardrailCommand, AsksNobody) {
  const Told told = RunTest(R"({"checks":[{"id":"webhook","parameters":{"webhookURL":"http://127.0.0.1:1"}},
      {"id":"jwt","parameters":{"jwksUri":"http://127.0.0.1:1"}}, {"id":"notNull"}]})",
                            {"--input", "hi"});
  EXPECT_EQ(told.exit_status, 1);
  EXPECT_THAT(told.out, HasSubstr("error default.webhook"));
  EXPECT_THAT(told.out, HasSubstr("error default.jwt"));
  EXPECT_THAT(told.out, HasSubstr("asks the network; not asked by this command"));
  EXPECT_THAT(told.out, HasSubstr("pass  default.notNull"));
}

}  // namespace
}  // namespace portolan::cli
