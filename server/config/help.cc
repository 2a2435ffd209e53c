#include <algorithm>

#include "server/config/flags.h"

namespace portolan::config {
namespace {

constexpr size_t kColumn = 32;  // where explanations begin
constexpr size_t kWidth = 110;

// Appends `text`, broken at blanks, and then `notes` in one piece, between kColumn and kWidth.
void AppendWrapped(std::string_view text, std::string_view notes, std::string* out) {
  size_t column = kColumn;
  const auto append = [&](std::string_view word) {
    if (column + word.size() > kWidth && column > kColumn) {
      out->back() = '\n';
      out->append(kColumn, ' ');
      column = kColumn;
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

void AppendSetting(std::string_view name, const Setting& setting, std::string* out) {
  std::string head = "  " + std::string(name);
  if (!setting.value_name.empty())
    head += (setting.flag.empty() ? "=" : " ") + std::string(setting.value_name);
  if (head.size() + 2 > kColumn) {
    out->append(head).push_back('\n');
    out->append(kColumn, ' ');
  } else {
    out->append(head).append(kColumn - head.size(), ' ');
  }
  std::string notes;
  const auto note = [&notes](std::string_view what) {
    notes += (notes.empty() ? "" : ", ") + std::string(what);
  };
  if (!setting.default_text.empty()) note("default " + std::string(setting.default_text));
  if (setting.repeatable && !setting.flag.empty()) note("may be repeated");
  if (!setting.flag.empty()) note(setting.variable);
  if (!setting.other_variable.empty()) note("or " + std::string(setting.other_variable));
  if (!notes.empty()) notes = "(" + notes + ")";
  AppendWrapped(setting.help, notes, out);
}

}  // namespace

std::string HelpText() {
  return "Portolan, an AI gateway: one typed API in front of every model provider, by REST and by gRPC.\n"
         "\n"
         "usage:\n"
         "  portolan serve [flags]        start the gateway\n"
         "  portolan serve --help         list the flags and environment variables\n"
         "  portolan check FILE           check a config file: exit status 0 if it is good, else 1 and every "
         "problem with its\n"
         "                                line and column; --resolve looks up the variables and files too "
         "that "
         "it refers to\n"
         "  portolan config print FILE    a config file with all defaults filled in; --format yaml (default) "
         "or "
         "json\n"
         "  portolan config schema        the JSON Schema of config files, for editors\n"
         "  portolan providers            the providers that are built in, with their addresses and the "
         "variables for their keys;\n"
         "                                --markdown prints the table of docs/providers.md\n"
         "  portolan --help               this text\n"
         "  portolan --version            the version\n";
}

std::string ServeHelpText() {
  std::string text =
      "usage: portolan serve [flags]\n"
      "\n"
      "Starts the gateway: REST and gRPC for callers, an admin listener for operators. SIGTERM or SIGINT "
      "ends it "
      "gracefully.\n"
      "A flag is written --flag VALUE or --flag=VALUE and beats its environment variable, named in brackets, "
      "which beats\nthe config file. A variable holds a comma list where the flag may be repeated.\n"
      "\n"
      "flags:\n";
  for (const Setting& setting : Settings()) {
    if (!setting.flag.empty()) AppendSetting(setting.flag, setting, &text);
  }
  text += "\nenvironment variables without a flag:\n";
  for (const Setting& setting : Settings()) {
    if (setting.flag.empty()) AppendSetting(setting.variable, setting, &text);
  }
  text +=
      "\nProvider keys are read from the variables that providers name: OPENAI_API_KEY, ANTHROPIC_API_KEY "
      "and so on.\n"
      "times: 500ms, 30s, 2m, 1h. sizes: 65536, 64KB, 64MB. addresses: HOST:PORT, [IPv6]:PORT, :PORT.\n";
  return text;
}

std::string VersionText() { return std::string("portolan ") + PORTOLAN_VERSION + "\n"; }

}  // namespace portolan::config
