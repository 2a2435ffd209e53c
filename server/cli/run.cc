// From what was typed to the command that does it.

#include <algorithm>
#include <cstdio>

#include "server/cli/command.h"

namespace portolan::cli {
namespace {

bool IsHelp(std::string_view word) { return word == "--help" || word == "-h"; }

int Tell(const Host& host, const std::string& text) {
  std::fputs(text.c_str(), host.out);
  return 0;
}

// `portolan help COMMAND`.
int Help(std::span<const std::string_view> typed, const Host& host) {
  if (typed.empty()) return Tell(host, HelpText());
  std::span<const std::string_view> rest;
  const auto command = FindCommand(typed, &rest);
  if (!command.ok()) return Fail(host, std::string(command.status().message()), 2);
  return Tell(host, CommandHelpText(**command));
}

// Of those that a word begins: `portolan config --help`.
std::string HelpOfSeveral(std::string_view first) {
  std::string text;
  for (const Command& command : Commands()) {
    if (!command.name.starts_with(std::string(first) + " ")) continue;
    text += (text.empty() ? "" : "\n") + CommandHelpText(command);
  }
  return text;
}

}  // namespace

int Fail(const Host& host, std::string_view problem, int exit_status) {
  std::fprintf(host.err, "portolan: %.*s\n", static_cast<int>(problem.size()), problem.data());
  return exit_status;
}

int Run(std::span<const std::string_view> typed, const Host& host) {
  if (typed.empty()) {
    return Fail(host, "no command; `portolan serve` starts the gateway, `portolan --help` tells more", 2);
  }
  if (IsHelp(typed.front())) return Tell(host, HelpText());
  if (typed.front() == "help") return Help(typed.subspan(1), host);
  if (typed.front() == "--version" || typed.front() == "version") return Tell(host, VersionText());

  std::span<const std::string_view> rest;
  const auto command = FindCommand(typed, &rest);
  if (!command.ok()) {
    const std::string several =
        typed.size() == 2 && IsHelp(typed[1]) ? HelpOfSeveral(typed[0]) : std::string();
    if (!several.empty()) return Tell(host, several);
    return Fail(host, std::string(command.status().message()), 2);
  }
  const auto flags_end = std::find(rest.begin(), rest.end(), "--");
  if (std::any_of(rest.begin(), flags_end, IsHelp)) return Tell(host, CommandHelpText(**command));
  const auto arguments = ParseArguments(**command, rest);
  if (!arguments.ok()) return Fail(host, std::string(arguments.status().message()), 2);
  return (*command)->run(*arguments, host);
}

}  // namespace portolan::cli
