#pragma once

// The command line of `portolan` and its environment, read by one table.

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/config/environment.h"
#include "server/config/options.h"

namespace portolan::config {

// One setting. Either name may be empty: secrets have no flag (others could see it in the list of processes).
struct Setting {
  std::string_view flag = {};            // `--http`
  std::string_view variable = {};        // `PORTOLAN_HTTP`
  std::string_view path = {};            // in the config file: `listen.http`; empty: it has none
  std::string_view other_variable = {};  // read if `variable` is not set
  std::string_view value_name = {};      // `ADDR`; empty for a switch
  std::string_view default_text = {};    // for the help; empty: none
  std::string_view help = {};
  bool repeatable = false;  // flags add up; a variable holds a comma list
  bool secret = false;      // its value is never quoted in an error
  // Takes one value. False, with the reason in *problem, if it cannot.
  bool (*apply)(std::string_view value, ServeOptions* options, std::string* problem) = nullptr;
  // Forgets what was set, so that flags replace what a variable gave. Only for what is repeatable.
  void (*clear)(ServeOptions* options) = nullptr;
  // Is told which of its two variables the value came from. Null: nobody wants to know.
  std::string ServeOptions::* origin = nullptr;
};

// Every setting of `portolan serve`, in the order of the help.
std::span<const Setting> Settings();

struct CommandLine {
  enum class Command { kServe, kCheck, kConfigPrint, kConfigSchema, kHelp, kServeHelp, kVersion };
  Command command = Command::kServe;
  ServeOptions options;  // of kServe
  std::string file;      // of kCheck and kConfigPrint: the config file
  bool resolve = false;  // of kCheck: look up what the file refers to
  bool json = false;     // of kConfigPrint: as JSON rather than YAML
};

// Reads `arguments` (without the program's name) and the environment; a flag beats a variable, and a variable
// what `base` says, which is what a config file says. Fails with one line for the person who typed it.
absl::StatusOr<CommandLine> ParseCommandLine(std::span<const std::string_view> arguments,
                                             const Environment& environment, const ServeOptions& base = {});

std::string HelpText();       // of `portolan --help`, and of the commands that have few flags
std::string ServeHelpText();  // of `portolan serve --help`
std::string VersionText();    // `portolan 0.1.0`

}  // namespace portolan::config
