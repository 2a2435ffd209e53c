#include <algorithm>

#include "server/cli/command.h"
#include "server/config/flags.h"

namespace portolan::cli {
namespace {

constexpr size_t kColumn = 32;  // where explanations begin
constexpr size_t kWidth = 110;

// Appends `text`, broken at blanks, between `indent` and kWidth, and then `notes` in one piece.
void AppendWrapped(std::string_view text, std::string_view notes, size_t indent, std::string* out) {
  size_t column = indent;
  const auto append = [&](std::string_view word) {
    if (column + word.size() > kWidth && column > indent) {
      out->back() = '\n';
      out->append(indent, ' ');
      column = indent;
    }
    out->append(word).push_back(' ');
    column += word.size() + 1;
  };
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    append(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (!notes.empty()) append(notes);
  out->back() = '\n';
}

// One entry of a list: its name, and what it is in the second column.
void AppendEntry(std::string_view name, std::string_view text, std::string_view notes, std::string* out) {
  const std::string head = "  " + std::string(name);
  if (head.size() + 2 > kColumn) {
    out->append(head).push_back('\n');
    out->append(kColumn, ' ');
  } else {
    out->append(head).append(kColumn - head.size(), ' ');
  }
  AppendWrapped(text, notes, kColumn, out);
}

void AppendSetting(std::string_view name, const config::Setting& setting, std::string* out) {
  std::string head(name);
  if (!setting.value_name.empty())
    head += (setting.flag.empty() ? "=" : " ") + std::string(setting.value_name);
  std::string notes;
  const auto note = [&notes](std::string_view what) {
    notes += (notes.empty() ? "" : ", ") + std::string(what);
  };
  if (!setting.default_text.empty()) note("default " + std::string(setting.default_text));
  if (setting.repeatable && !setting.flag.empty()) note("may be repeated");
  if (!setting.flag.empty()) note(setting.variable);
  if (!setting.other_variable.empty()) note("or " + std::string(setting.other_variable));
  if (!notes.empty()) notes = "(" + notes + ")";
  AppendEntry(head, setting.help, notes, out);
}

void AppendSettings(std::string* out) {
  out->append("\nflags:\n");
  for (const config::Setting& setting : config::Settings()) {
    if (!setting.flag.empty()) AppendSetting(setting.flag, setting, out);
  }
  out->append("\nenvironment variables without a flag:\n");
  for (const config::Setting& setting : config::Settings()) {
    if (setting.flag.empty()) AppendSetting(setting.variable, setting, out);
  }
  out->append(
      "\nProvider keys are read from the variables that providers name: OPENAI_API_KEY, ANTHROPIC_API_KEY "
      "and so on.\n"
      "times: 500ms, 30s, 2m, 1h. sizes: 65536, 64KB, 64MB. addresses: HOST:PORT, [IPv6]:PORT, :PORT.\n");
}

void AppendFlags(std::span<const Flag> flags, std::string* out) {
  out->append("\nflags:\n");
  for (const Flag& flag : flags) {
    std::string head = (flag.short_name.empty() ? "" : std::string(flag.short_name) + ", ");
    head += flag.name;
    if (!flag.value_name.empty())
      head += " " + std::string(flag.choices.empty() ? flag.value_name : flag.choices);
    AppendEntry(head, flag.help, {}, out);
  }
}

// `portolan check FILE [--resolve]`.
std::string Usage(const Command& command) {
  std::string text = "portolan " + std::string(command.name);
  if (!command.operand.empty()) {
    text += " " + std::string(command.operand_choices.empty() ? command.operand : command.operand_choices);
  }
  if (command.takes_settings) text += " [flags]";
  for (const Flag& flag : command.flags) {
    text += " [" + std::string(flag.name);
    if (!flag.value_name.empty())
      text += " " + std::string(flag.choices.empty() ? flag.value_name : flag.choices);
    text += "]";
  }
  return text;
}

}  // namespace

std::string HelpText() {
  std::string text =
      "Portolan, an AI gateway: one typed API in front of every model provider, by REST and by gRPC.\n"
      "\n"
      "usage:\n";
  for (const Command& command : Commands()) AppendEntry(Usage(command), command.summary, {}, &text);
  AppendEntry("portolan COMMAND --help", "what a command does, its flags and an example", {}, &text);
  AppendEntry("portolan --help", "this text", {}, &text);
  AppendEntry("portolan --version", "the version", {}, &text);
  return text;
}

std::string CommandHelpText(const Command& what) {
  std::string text = "usage: " + Usage(what) + "\n\n";
  AppendWrapped(what.help, {}, 0, &text);
  if (what.takes_settings) AppendSettings(&text);
  if (!what.flags.empty()) AppendFlags(what.flags, &text);
  text += "\nexample:\n";
  for (std::string_view lines = what.example; !lines.empty();) {
    const size_t end = std::min(lines.find('\n'), lines.size());
    text += "  " + std::string(lines.substr(0, end)) + "\n";
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return text;
}

std::string VersionText() { return std::string("portolan ") + PORTOLAN_VERSION + "\n"; }

}  // namespace portolan::cli
