#pragma once

// Reads the flags and the environment of `portolan serve`, by one table of settings.

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

// One setting. `flag` or `variable` may be empty: secrets have no flag, as others could see it in the list of
// processes.
struct Setting {
  std::string_view flag = {};            // `--http`
  std::string_view variable = {};        // `PORTOLAN_HTTP`
  std::string_view path = {};            // in the config file: `listen.http`; empty: not there
  std::string_view other_variable = {};  // read if `variable` is not set
  std::string_view value_name = {};      // `ADDR`; empty for a switch
  std::string_view default_text = {};    // for the help; empty: none
  std::string_view help = {};
  std::string_view choices = {};  // `error|warn`: what it may be, where that is a few words
  bool repeatable = false;        // several flags add up; a variable holds a comma list
  bool secret = false;            // its value is never quoted in an error
  // Stores one value in *options. False, with the reason in *problem, if it is not one.
  bool (*apply)(std::string_view value, ServeOptions* options, std::string* problem) = nullptr;
  // Removes the values set before, so that flags replace those of a variable. Only for repeatable settings.
  void (*clear)(ServeOptions* options) = nullptr;
  // Where two variables can set it: the member that gets the name of the one that did. Null: there is one.
  std::string ServeOptions::* origin = nullptr;
};

// Every setting of `portolan serve`, in the order of the help. Static.
std::span<const Setting> Settings();

// Reads the flags of `portolan serve` and the environment. A flag beats a variable, and a variable beats
// `base`, which holds the settings of a config file. Fails with one line for the person who typed it.
absl::StatusOr<ServeOptions> ParseServeFlags(std::span<const std::string_view> flags,
                                             const Environment& environment, const ServeOptions& base = {});

}  // namespace portolan::config
