// `portolan completion`, in the shells themselves.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "server/config/flags.h"
#include "tests/cli/command_run.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_folder.h"

namespace portolan::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Where a shell is; "" if it is not installed.
std::string ShellPath(const std::string& name) {
  for (const char* folder : {"/usr/bin/", "/bin/", "/usr/local/bin/"}) {
    if (access((folder + name).c_str(), X_OK) == 0) return folder + name;
  }
  return "";
}

std::string ScriptOf(const std::string& shell) {
  const CommandRun run = RunPortolan({"completion", shell});
  EXPECT_EQ(run.exit_status, 0) << run.err;
  return run.out;
}

// A shell with a terminal, in a folder with the completion script `script` and the file `a gateway.yaml`.
// `portolan` there prints its arguments, each in angle brackets.
class ShellSession {
 public:
  ShellSession(const std::vector<std::string>& command, const std::string& script) {
    std::ofstream(folder_.path() + "/script") << script;
    std::ofstream(folder_.path() + "/a gateway.yaml") << "\n";
    const winsize size{.ws_row = 50, .ws_col = 200, .ws_xpixel = 0, .ws_ypixel = 0};
    pid_ = forkpty(&terminal_, nullptr, nullptr, &size);
    if (pid_ != 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setenv("TERM", "dumb", 1);
    setenv("HOME", folder_.path().c_str(), 1);
    std::vector<std::string> words = command;
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    if (chdir(folder_.path().c_str()) == 0) execv(pointers[0], pointers.data());
    _exit(127);
  }
  ~ShellSession() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    close(terminal_);
  }
  ShellSession(const ShellSession&) = delete;
  ShellSession& operator=(const ShellSession&) = delete;

  // Types `keys`; whether the terminal then shows `expected`.
  ::testing::AssertionResult Shows(const std::string& keys, const std::string& expected) {
    shown_.clear();
    if (write(terminal_, keys.data(), keys.size()) != static_cast<ssize_t>(keys.size()))
      return ::testing::AssertionFailure() << "the shell has gone";
    const auto limit = std::chrono::steady_clock::now() + kPatience;
    while (shown_.find(expected) == std::string::npos) {
      pollfd readable{.fd = terminal_, .events = POLLIN, .revents = 0};
      char bytes[4096];
      if (std::chrono::steady_clock::now() > limit) break;
      if (poll(&readable, 1, 100) <= 0) continue;
      const ssize_t count = read(terminal_, bytes, sizeof bytes);
      if (count <= 0) break;
      shown_.append(bytes, static_cast<size_t>(count));
    }
    if (shown_.find(expected) != std::string::npos) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "not " << expected << " but " << shown_;
  }

 private:
  const TempFolder folder_;
  int terminal_ = -1;
  pid_t pid_ = -1;
  std::string shown_;
};

// What is typed, with tabs, and what the command then gets.
constexpr std::pair<const char*, const char*> kTyped[] = {
    {"portolan hea\t --ti\t 5s", "<health><--timeout><5s>"},
    {"portolan serve --log-level de\t", "<serve><--log-level><debug>"},
    {"portolan serve --usage-streams=al\t", "<serve><--usage-streams=always>"},
    {"portolan serve --default-provider anthr\t", "<serve><--default-provider><anthropic>"},
    {"portolan config sch\t", "<config><schema>"},
    {"portolan config print a\\ ga\t --for\t js\t", "<config><print><a gateway.yaml><--format><json>"},
    {"portolan check --reso\t a\\ ga\t", "<check><--resolve><a gateway.yaml>"},
    {"portolan completion z\t", "<completion><zsh>"},
};

TEST(Completion, CompletesInBash) {
  const std::string bash = ShellPath("bash");
  ASSERT_NE(bash, "");
  ShellSession session({bash, "--norc", "--noprofile", "-i"}, ScriptOf("bash"));
  ASSERT_TRUE(
      session.Shows("source ./script; portolan() { printf '<%s>' \"$@\"; echo; }; PS1=; bind 'set "
                    "enable-bracketed-paste off'; "
                    "echo rea''dy\n",
                    "ready"));
  for (const auto& [typed, expected] : kTyped) {
    EXPECT_TRUE(session.Shows(std::string(typed) + "\n", expected)) << typed;
  }
}

TEST(Completion, CompletesInZsh) {
  const std::string zsh = ShellPath("zsh");
  ASSERT_FALSE(zsh.empty()) << "zsh is not installed";
  ShellSession session({zsh, "-f", "-i"}, ScriptOf("zsh"));
  ASSERT_TRUE(session.Shows(
      "PS1=; autoload -U compinit; compinit -D -u; source ./script; portolan() { printf '<%s>' \"$@\"; "
      "echo }; echo rea''dy\n",
      "ready"));
  for (const auto& [typed, expected] : kTyped) {
    EXPECT_TRUE(session.Shows(std::string(typed) + "\n", expected)) << typed;
  }
}

TEST(Completion, CompletesInFish) {
  const std::string fish = ShellPath("fish");
  ASSERT_FALSE(fish.empty()) << "fish is not installed";
  const TempFolder folder;
  const std::string script = folder.path() + "/script";
  std::ofstream(script) << ScriptOf("fish");
  const auto offers = [&](const std::string& line) {
    const CommandRun run =
        RunProgram(fish, {"--no-config", "-c", "source " + script + "; complete -C " + "'" + line + "'"},
                   {{"HOME", folder.path()}});
    EXPECT_EQ(run.err, "");
    return run.out;
  };
  EXPECT_THAT(offers("portolan hea"), HasSubstr("health\task a running gateway whether it is ready\n"));
  EXPECT_THAT(offers("portolan health --ti"), HasSubstr("--timeout\t"));
  EXPECT_THAT(offers("portolan health --ti"), Not(HasSubstr("--threads")));
  EXPECT_THAT(offers("portolan serve --log-level de"), HasSubstr("debug"));
  EXPECT_THAT(offers("portolan serve --default-provider anthr"), HasSubstr("anthropic"));
  EXPECT_THAT(offers("portolan config "), HasSubstr("schema"));
  EXPECT_THAT(offers("portolan config print --format "), HasSubstr("json"));
  EXPECT_THAT(offers("portolan config schema "), Not(HasSubstr("schema")));
  EXPECT_THAT(offers("portolan check " + folder.path() + "/s"), HasSubstr("/script"));
  EXPECT_THAT(offers("portolan completion "), HasSubstr("fish"));
}

TEST(Completion, IsGoodSyntaxAndHasEveryFlag) {
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const std::string script = ScriptOf(shell);
    for (const config::Setting& setting : config::Settings()) {
      if (setting.flag.empty()) continue;
      // fish has flags without their dashes.
      EXPECT_THAT(script, HasSubstr(shell == "fish" ? " -l " + std::string(setting.flag.substr(2)) + " "
                                                    : std::string(setting.flag)));
    }
    const std::string path = ShellPath(shell);
    if (path.empty()) continue;
    const TempFolder folder;
    std::ofstream(folder.path() + "/script") << script;
    const CommandRun run = RunProgram(path, {"-n", folder.path() + "/script"}, {{"HOME", folder.path()}});
    EXPECT_EQ(run.exit_status, 0) << shell << ": " << run.err;
    EXPECT_EQ(run.err, "") << shell;
  }
  const CommandRun other = RunPortolan({"completion", "csh"});
  EXPECT_EQ(other.exit_status, 2);
  EXPECT_EQ(other.err, "portolan: shell \"csh\": it must be bash, zsh or fish\n");
}

}  // namespace
}  // namespace portolan::test
