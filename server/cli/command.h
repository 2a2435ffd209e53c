#pragma once

// The commands of `portolan`, as one table: running, reading arguments, help and completion all go by it.

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/cli/host.h"

namespace portolan::cli {

struct Flag {
  std::string_view name;             // `--format`
  std::string_view short_name = {};  // `-f`; empty: none
  std::string_view value_name = {};  // `FILE`; empty for a switch
  std::string_view choices = {};     // `yaml|json`: no other value is taken; empty: any
  std::string_view help = {};
};

// What was typed behind a command's name.
struct Arguments {
  std::map<std::string_view, std::string, std::less<>> flags;  // by name; a switch that is on holds ""
  std::vector<std::string> operands;
  std::span<const std::string_view> raw;  // everything, as typed

  bool Has(std::string_view flag) const { return flags.contains(flag); }
  // "" if it was not given.
  std::string Get(std::string_view flag) const {
    const auto found = flags.find(flag);
    return found == flags.end() ? std::string() : found->second;
  }
  std::string operand() const { return operands.empty() ? std::string() : operands.front(); }
};

struct Command {
  std::string_view name;  // `config print`: one or two words
  // `FILE`; `[FILE]` if it may be left out; `[PROMPT...]` if there may be several; empty: none.
  std::string_view operand = {};
  std::string_view operand_choices = {};  // as Flag::choices
  std::string_view summary;               // one line, for the list of commands
  std::string_view help;                  // what it does, in whole sentences
  std::string_view example;               // lines to type
  std::span<const Flag> flags = {};
  // Its flags are config::Settings(), and `run` reads them.
  bool takes_settings = false;
  // Returns the exit status: 0 for success, 1 for a failure, 2 for arguments that make no sense.
  int (*run)(const Arguments& arguments, const Host& host) = nullptr;
};

// Every command, in the order of the help. Static.
std::span<const Command> Commands();

// The command that `typed` begins with, and what follows its name in *rest. Fails with one line for the
// person who typed it, which suggests the nearest.
absl::StatusOr<const Command*> FindCommand(std::span<const std::string_view> typed,
                                           std::span<const std::string_view>* rest);

// Reads what follows a command's name. Fails with one line for the person who typed it.
absl::StatusOr<Arguments> ParseArguments(const Command& command, std::span<const std::string_view> typed);

// Runs what was typed behind `portolan`; returns the exit status.
int Run(std::span<const std::string_view> typed, const Host& host);

std::string HelpText();                            // of `portolan --help`
std::string CommandHelpText(const Command& what);  // of `portolan COMMAND --help`
std::string VersionText();                         // `portolan 0.1.0`

// Writes `portolan: PROBLEM` for a person; returns `exit_status`.
int Fail(const Host& host, std::string_view problem, int exit_status = 1);

}  // namespace portolan::cli
