// `portolan completion`: scripts for shells, made from the table of commands and that of settings.

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "providers/catalog.h"
#include "server/cli/handlers.h"
#include "server/cli/words.h"
#include "server/config/flags.h"

namespace portolan::cli {
namespace {

// What may stand in a place.
struct Values {
  std::vector<std::string> words;
  bool files = false;  // names of files
};

struct Option {
  std::string name;        // `--config`
  std::string short_name;  // `-m`; may be empty
  std::string value_name;  // empty for a switch
  std::string help;
  Values values;
};

struct Entry {
  std::string first;   // `config`
  std::string second;  // `print`; may be empty
  std::string summary;
  std::vector<Option> options;
  bool takes_operand = false;
  Values operand;
};

Values ValuesOf(std::string_view value_name, std::string_view choices) {
  Values values;
  for (const std::string_view word : Choices(choices)) values.words.emplace_back(word);
  values.files = value_name.find("FILE") != std::string_view::npos;
  if (value_name.find("PROVIDER") != std::string_view::npos) {
    for (const auto& provider : providers::BuiltInCatalog().providers) values.words.push_back(provider.name);
    std::sort(values.words.begin(), values.words.end());
  }
  return values;
}

std::vector<Option> OptionsOf(const Command& command) {
  std::vector<Option> options;
  if (command.takes_settings) {
    for (const config::Setting& setting : config::Settings()) {
      if (setting.flag.empty()) continue;
      options.push_back({std::string(setting.flag), "", std::string(setting.value_name),
                         std::string(setting.help), ValuesOf(setting.value_name, setting.choices)});
    }
  }
  for (const Flag& flag : command.flags) {
    options.push_back({std::string(flag.name), std::string(flag.short_name), std::string(flag.value_name),
                       std::string(flag.help), ValuesOf(flag.value_name, flag.choices)});
  }
  options.push_back({"--help", "-h", "", "what this command does, its flags and an example", {}});
  return options;
}

std::vector<Entry> Entries() {
  std::vector<Entry> entries;
  for (const Command& command : Commands()) {
    const size_t blank = std::min(command.name.find(' '), command.name.size());
    Entry entry;
    entry.first = command.name.substr(0, blank);
    entry.second = command.name.substr(std::min(blank + 1, command.name.size()));
    entry.summary = command.summary;
    entry.options = OptionsOf(command);
    entry.takes_operand = !command.operand.empty();
    entry.operand = ValuesOf(command.operand, command.operand_choices);
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

// Each once.
std::vector<std::string> FirstWords(const std::vector<Entry>& entries) {
  std::vector<std::string> words;
  for (const Entry& entry : entries) {
    if (words.empty() || words.back() != entry.first) words.push_back(entry.first);
  }
  return words;
}

std::vector<std::string> SecondWords(const std::vector<Entry>& entries, const std::string& first) {
  std::vector<std::string> words;
  for (const Entry& entry : entries) {
    if (entry.first == first && !entry.second.empty()) words.push_back(entry.second);
  }
  return words;
}

// In single quotes, as all three shells read it. None of our texts has a backslash.
std::string Quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string BashOffer(const Values& values) {
  if (values.files) return "_portolan_files";
  return values.words.empty() ? ":" : "_portolan_words " + Quoted(Joined(values.words));
}

constexpr char kBashHead[] = R"(# Completion for bash: source <(portolan completion bash)
_portolan_words() {
  local IFS=$' \t\n'
  COMPREPLY=($(compgen -W "$1" -- "$current"))
}
_portolan_files() {
  local IFS=$'\n'
  compopt -o filenames 2>/dev/null
  COMPREPLY=($(compgen -f -- "$current"))
}
_portolan() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}
  COMPREPLY=()
  # `--flag=VALUE` comes as three words.
  if [[ $current == = ]]; then
    current=
  elif [[ $previous == = ]]; then
    previous=${COMP_WORDS[COMP_CWORD-2]}
  fi
)";

std::string BashScript(const std::vector<Entry>& entries) {
  std::string text = kBashHead;
  std::vector<std::string> first = FirstWords(entries);
  const std::vector<std::string> commands = first;
  first.insert(first.end(), {"help", "version", "--help", "--version"});
  text += "  if ((COMP_CWORD == 1)); then\n    _portolan_words " + Quoted(Joined(first)) +
          "\n    return\n  fi\n  case $command in\n";
  for (const std::string& word : commands) {
    const std::vector<std::string> second = SecondWords(entries, word);
    if (second.empty()) continue;
    text += "  " + word + ")\n    if ((COMP_CWORD == 2)); then\n      _portolan_words " +
            Quoted(Joined(second)) +
            "\n      return\n    fi\n    command=\"$command ${COMP_WORDS[2]}\"\n    ;;\n";
  }
  text += "  esac\n  case \"$command $previous\" in\n";
  for (const Entry& entry : entries) {
    const std::string command = entry.second.empty() ? entry.first : entry.first + " " + entry.second;
    for (const Option& option : entry.options) {
      if (option.value_name.empty()) continue;
      text += "  " + Quoted(command + " " + option.name);
      if (!option.short_name.empty()) text += " | " + Quoted(command + " " + option.short_name);
      text += ")\n    " + BashOffer(option.values) + "\n    return\n    ;;\n";
    }
  }
  text += "  esac\n  case $command in\n";
  for (const Entry& entry : entries) {
    const std::string command = entry.second.empty() ? entry.first : entry.first + " " + entry.second;
    std::vector<std::string> flags;
    flags.reserve(entry.options.size());
    for (const Option& option : entry.options) flags.push_back(option.name);
    text += "  " + Quoted(command) + ")\n";
    const std::string offer_flags = "_portolan_words " + Quoted(Joined(flags)) + "\n";
    if (entry.takes_operand) {
      text += "    if [[ $current == -* ]]; then\n      " + offer_flags + "    else\n      " +
              BashOffer(entry.operand) + "\n    fi\n    ;;\n";
    } else {
      text += "    " + offer_flags + "    ;;\n";
    }
  }
  text += "  help)\n    _portolan_words " + Quoted(Joined(commands)) + "\n    ;;\n";
  return text + "  esac\n}\ncomplete -F _portolan portolan\n";
}

// In a description of _arguments or _describe.
std::string ZshEscaped(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':') escaped.push_back('\\');
    escaped.push_back(c);
  }
  return escaped;
}

std::string ZshValues(const std::string& name, const Values& values) {
  const std::string action = values.files           ? "_files"
                             : values.words.empty() ? " "
                                                    : "(" + Joined(values.words) + ")";
  return ":" + ZshEscaped(name) + ":" + action;
}

std::string ZshArguments(const Entry& entry) {
  std::string text = "_arguments -S";
  for (const Option& option : entry.options) {
    const std::string behind = "[" + ZshEscaped(option.help) + "]" +
                               (option.value_name.empty() ? "" : ZshValues(option.value_name, option.values));
    // Settings may be repeated; what may not, portolan says itself.
    text += " \\\n      " + Quoted("*" + option.name + (option.value_name.empty() ? "" : "=") + behind);
    if (!option.short_name.empty()) text += " \\\n      " + Quoted("*" + option.short_name + behind);
  }
  if (entry.takes_operand) text += " \\\n      " + Quoted("*" + ZshValues("argument", entry.operand));
  return text;
}

std::string ZshScript(const std::vector<Entry>& entries) {
  std::string text =
      "#compdef portolan\n# Completion for zsh: source <(portolan completion zsh)\n_portolan() {\n"
      "  local -a commands\n  if ((CURRENT == 2)); then\n    commands=(";
  std::string last;
  for (const Entry& entry : entries) {
    if (entry.first == last) continue;
    last = entry.first;
    const auto below = SecondWords(entries, entry.first);
    const std::string summary = below.empty() ? entry.summary : Joined(below);
    text += "\n      " + Quoted(entry.first + ":" + ZshEscaped(summary));
  }
  text +=
      ")\n    _describe command commands\n    return\n  fi\n  shift words\n  ((CURRENT--))\n"
      "  case $words[1] in\n";
  for (const std::string& first : FirstWords(entries)) {
    text += "  " + first + ")\n";
    const std::vector<std::string> second = SecondWords(entries, first);
    if (!second.empty()) {
      text += "    if ((CURRENT == 2)); then\n      compadd -- " + Joined(second) +
              "\n      return\n    fi\n    shift words\n    ((CURRENT--))\n    case $words[1] in\n";
    }
    for (const Entry& entry : entries) {
      if (entry.first != first) continue;
      if (!second.empty()) text += "    " + entry.second + ")\n";
      text += "    " + ZshArguments(entry) + "\n";
      if (!second.empty()) text += "    ;;\n";
    }
    if (!second.empty()) text += "    esac\n";
    text += "    ;;\n";
  }
  return text +
         "  esac\n}\n"
         "if [[ $funcstack[1] == _portolan ]]; then\n  _portolan \"$@\"\nelse\n  compdef _portolan "
         "portolan\nfi\n";
}

std::string FishValues(const Values& values) {
  if (values.files) return " -r -F";
  return values.words.empty() ? " -x" : " -x -a " + Quoted(Joined(values.words));
}

std::string FishScript(const std::vector<Entry>& entries) {
  const std::string begin = "complete -c portolan";
  std::string text = "# Completion for fish: portolan completion fish | source\n" + begin + " -f\n";
  for (const std::string& first : FirstWords(entries)) {
    const std::vector<std::string> second = SecondWords(entries, first);
    const auto entry =
        std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.first == first; });
    text += begin + " -n __fish_use_subcommand -a " + first + " -d " +
            Quoted(second.empty() ? entry->summary : Joined(second)) + "\n";
    if (second.empty()) continue;
    text += begin + " -n '__fish_seen_subcommand_from " + first + "; and not __fish_seen_subcommand_from " +
            Joined(second) + "' -a " + Quoted(Joined(second)) + "\n";
  }
  for (const Entry& entry : entries) {
    std::string when = " -n '__fish_seen_subcommand_from " + entry.first;
    if (!entry.second.empty()) when += "; and __fish_seen_subcommand_from " + entry.second;
    when += "'";
    for (const Option& option : entry.options) {
      text += begin + when + " -l " + option.name.substr(2);
      if (!option.short_name.empty()) text += " -s " + option.short_name.substr(1);
      if (!option.value_name.empty()) text += FishValues(option.values);
      text += " -d " + Quoted(option.help) + "\n";
    }
    if (entry.operand.files) text += begin + when + " -F\n";
    if (!entry.operand.words.empty())
      text += begin + when + " -a " + Quoted(Joined(entry.operand.words)) + "\n";
  }
  return text;
}

}  // namespace

int Completion(const Arguments& arguments, const Host& host) {
  const std::vector<Entry> entries = Entries();
  const std::string shell = arguments.operand();
  const std::string script = shell == "bash"  ? BashScript(entries)
                             : shell == "zsh" ? ZshScript(entries)
                                              : FishScript(entries);
  std::fputs(script.c_str(), host.out);
  return 0;
}

}  // namespace portolan::cli
