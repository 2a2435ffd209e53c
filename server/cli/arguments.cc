// Finds commands and reads their arguments.

#include <algorithm>

#include "server/base/nearest.h"
#include "server/base/text.h"
#include "server/cli/command.h"
#include "server/cli/words.h"

namespace portolan::cli {
namespace {

constexpr size_t kMaxQuoted = 60;

using absl::InvalidArgumentError;

std::string Quoted(std::string_view text) { return std::string(text.substr(0, kMaxQuoted)); }

const Flag* FindFlag(const Command& command, std::string_view name) {
  for (const Flag& flag : command.flags) {
    if (name == flag.name || (!flag.short_name.empty() && name == flag.short_name)) return &flag;
  }
  return nullptr;
}

absl::Status UnknownFlag(const Command& command, std::string_view name) {
  std::vector<std::string_view> known = {"--help"};
  for (const Flag& flag : command.flags) known.push_back(flag.name);
  name = name.substr(0, kMaxQuoted);
  return InvalidArgumentError("unknown flag " + std::string(name) + "; did you mean " +
                              std::string(Nearest(name, known)) + "? `portolan " + std::string(command.name) +
                              " --help` lists them all");
}

// `--format yaml or --format json`, `--url URL`.
std::string HowToSay(const Flag& flag) {
  if (flag.choices.empty()) return std::string(flag.name) + " " + std::string(flag.value_name);
  std::string text;
  for (const std::string_view choice : Choices(flag.choices)) {
    text += (text.empty() ? "" : " or ") + std::string(flag.name) + " " + std::string(choice);
  }
  return text;
}

absl::Status CheckChoice(std::string_view what, std::string_view choices, std::string_view value) {
  if (choices.empty()) return absl::OkStatus();
  const std::vector<std::string_view> all = Choices(choices);
  if (std::find(all.begin(), all.end(), value) != all.end()) return absl::OkStatus();
  return InvalidArgumentError(std::string(what) + " \"" + Quoted(value) + "\": it must be " +
                              Enumerated(all, "or"));
}

// How `operand` is spelt in a sentence: `file`.
std::string PlainName(std::string_view operand) {
  std::string name;
  for (const char c : operand) {
    if (IsLetter(c)) name.push_back(LowerCase(c));
  }
  return name;
}

class Reader {
 public:
  Reader(const Command& command, std::span<const std::string_view> typed) : command_(command), rest_(typed) {
    arguments_.raw = typed;
  }

  absl::StatusOr<Arguments> Read() {
    while (!rest_.empty()) {
      const std::string_view argument = Take();
      absl::Status status;
      if (!flags_over_ && argument == "--") {
        flags_over_ = true;
      } else if (!flags_over_ && argument.size() > 1 && argument.starts_with('-')) {
        status = ReadFlag(argument);
      } else {
        status = ReadOperand(argument);
      }
      if (!status.ok()) return status;
    }
    if (arguments_.operands.empty() && !command_.operand.empty() && !command_.operand.starts_with('[')) {
      return InvalidArgumentError("no " + PlainName(command_.operand) + "; `portolan " +
                                  std::string(command_.name) + " " + std::string(command_.operand) +
                                  "` needs one");
    }
    return std::move(arguments_);
  }

 private:
  std::string_view Take() {
    const std::string_view first = rest_.front();
    rest_ = rest_.subspan(1);
    return first;
  }

  absl::Status ReadFlag(std::string_view argument) {
    const size_t equals = argument.find('=');
    const Flag* const flag = FindFlag(command_, argument.substr(0, equals));
    if (flag == nullptr) return UnknownFlag(command_, argument.substr(0, equals));
    if (arguments_.Has(flag->name)) return InvalidArgumentError(std::string(flag->name) + " is given twice");
    std::string_view value;
    if (flag->value_name.empty()) {
      if (equals != std::string_view::npos)
        return InvalidArgumentError(std::string(flag->name) + " takes no value");
    } else if (equals != std::string_view::npos) {
      value = argument.substr(equals + 1);
    } else if (!rest_.empty() && !rest_.front().starts_with("--")) {
      value = Take();
    }
    if (!flag->value_name.empty() && value.empty())
      return InvalidArgumentError(std::string(flag->name) + " needs a value: " + HowToSay(*flag));
    if (!flag->value_name.empty()) {
      absl::Status status = CheckChoice(flag->name, flag->choices, value);
      if (!status.ok()) return status;
    }
    arguments_.flags.emplace(flag->name, value);
    return absl::OkStatus();
  }

  absl::Status ReadOperand(std::string_view argument) {
    const bool several = command_.operand.find("...") != std::string_view::npos;
    const bool room = !command_.operand.empty() && (several || arguments_.operands.empty());
    if (!room || argument.empty()) {
      const std::string takes = command_.operand.empty() ? command_.flags.empty() ? "none" : "flags only"
                                                         : "one " + PlainName(command_.operand);
      return InvalidArgumentError("unexpected argument " + Quoted(argument) + "; `portolan " +
                                  std::string(command_.name) + "` takes " + takes);
    }
    absl::Status status = CheckChoice(PlainName(command_.operand), command_.operand_choices, argument);
    if (status.ok()) arguments_.operands.emplace_back(argument);
    return status;
  }

  const Command& command_;
  std::span<const std::string_view> rest_;
  Arguments arguments_;
  bool flags_over_ = false;
};

// Of those that begin with the word `first`: `config print` and `config schema`.
std::vector<std::string> Below(std::string_view first) {
  std::vector<std::string> names;
  for (const Command& command : Commands()) {
    if (!command.name.starts_with(first) || command.name.size() <= first.size()) continue;
    if (command.name[first.size()] != ' ') continue;
    std::string name = "`portolan " + std::string(command.name);
    if (!command.operand.empty()) name += " " + std::string(command.operand);
    names.push_back(name + "`");
  }
  return names;
}

absl::Status UnknownCommand(std::string_view first) {
  const std::vector<std::string> below = Below(first);
  if (!first.empty() && !below.empty()) {
    const std::vector<std::string_view> views(below.begin(), below.end());
    return InvalidArgumentError(Enumerated(views, "and") +
                                " are what there is; `portolan --help` tells more");
  }
  std::vector<std::string_view> names;
  for (const Command& command : Commands()) names.push_back(command.name.substr(0, command.name.find(' ')));
  names.insert(names.end(), {"help", "version"});
  // Somebody who began with a flag meant no command at all.
  const std::string hint = first.starts_with('-')
                               ? "`portolan serve` starts the gateway,"
                               : "did you mean `portolan " + std::string(Nearest(first, names)) + "`?";
  return InvalidArgumentError("unknown command " + Quoted(first) + "; " + hint +
                              " `portolan --help` tells more");
}

}  // namespace

std::vector<std::string_view> Choices(std::string_view choices) {
  std::vector<std::string_view> all;
  while (!choices.empty()) {
    const size_t end = std::min(choices.find('|'), choices.size());
    all.push_back(choices.substr(0, end));
    choices.remove_prefix(std::min(end + 1, choices.size()));
  }
  return all;
}

std::string Enumerated(std::span<const std::string_view> words, std::string_view last_joint) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " " + std::string(last_joint) + " " : std::string(", ");
    text += words[i];
  }
  return text;
}

absl::StatusOr<const Command*> FindCommand(std::span<const std::string_view> typed,
                                           std::span<const std::string_view>* rest) {
  for (const Command& command : Commands()) {
    const size_t blank = command.name.find(' ');
    if (blank == std::string_view::npos) {
      if (typed.front() != command.name) continue;
      *rest = typed.subspan(1);
      return &command;
    }
    if (typed.size() < 2 || typed[0] != command.name.substr(0, blank)) continue;
    if (typed[1] != command.name.substr(blank + 1)) continue;
    *rest = typed.subspan(2);
    return &command;
  }
  return UnknownCommand(typed.front());
}

absl::StatusOr<Arguments> ParseArguments(const Command& command, std::span<const std::string_view> typed) {
  if (!command.takes_settings) return Reader(command, typed).Read();
  Arguments unread;
  unread.raw = typed;
  return unread;
}

}  // namespace portolan::cli
