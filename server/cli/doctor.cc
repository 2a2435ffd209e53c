// `portolan doctor`.

#include "server/cli/doctor.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "server/cli/handlers.h"
#include "server/cli/web.h"
#include "server/config/flags.h"
#include "server/config_file/config_file.h"

namespace portolan::cli {
namespace {

std::string_view WordOf(State state) {
  switch (state) {
    case State::kOk:
      return "ok";
    case State::kNote:
      return "note";
    case State::kBad:
      return "bad";
  }
  return "";
}

// One finding for each line of an error.
void AddLines(std::string_view area, std::string_view lines, Findings* findings) {
  while (!lines.empty()) {
    const size_t end = std::min(lines.find('\n'), lines.size());
    findings->push_back({area, State::kBad, std::string(lines.substr(0, end))});
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
}

// Reads the file. What it refers to, and is not here, is a finding of its own: a service gets its keys in
// ways that nobody at a shell sees. False if the file is bad.
bool ReadFile(const std::string& path, const config::Environment& environment, Patient* patient,
              Findings* findings) {
  config::ConfigProblems problems;
  config::ConfigProblems lacking;
  config::FileSettings settings;
  const auto file = config::ConfigFile::Read(path, &problems);
  if (file == nullptr || !file->Resolve(environment, &settings, &problems, &lacking)) {
    AddLines("config", config::DescribeProblems(path, problems), findings);
    return false;
  }
  patient->file = std::move(settings);
  for (const config::ConfigProblem& reference : lacking) {
    patient->lacking.push_back(reference.path);
    findings->push_back({"config", State::kBad, config::DescribeProblems(path, {reference})});
  }
  return true;
}

// Reads what a gateway would be started with. False if it makes no sense.
bool ReadConfig(const std::string& flag, const config::Environment& environment, Patient* patient,
                Findings* findings) {
  std::vector<std::string_view> flags;
  if (!flag.empty()) flags.push_back(flag);
  auto given = config::ParseServeFlags(flags, environment);
  if (!given.ok()) {
    AddLines("config", std::string(given.status().message()), findings);
    return false;
  }
  patient->options = *std::move(given);
  const std::string path = patient->options.config_file;
  if (path.empty()) {
    findings->push_back({"config", State::kOk, "no config file; what variables say is good"});
    return true;
  }
  if (!ReadFile(path, environment, patient, findings)) return false;
  auto options = config::ParseServeFlags(flags, environment, patient->file->options);
  if (!options.ok()) {
    AddLines("config", std::string(options.status().message()), findings);
    return false;
  }
  patient->options = *std::move(options);
  if (patient->lacking.empty()) {
    findings->push_back({"config", State::kOk, path + " is good, and so is what it refers to"});
  } else {
    findings->push_back(
        {"config", State::kNote,
         path + " is good otherwise; a gateway would not start from here without those keys, but a "
                "service may get them in a way of its own (EnvironmentFile, LoadCredential, a Secret)"});
  }
  return true;
}

void Print(const Findings& findings, std::FILE* out) {
  for (const Finding& finding : findings) {
    std::fprintf(out, "%-4s  %-9s %s\n", std::string(WordOf(finding.state)).c_str(),
                 std::string(finding.area).c_str(), Printable(finding.text, 2000).c_str());
  }
  const auto bad = std::count_if(findings.begin(), findings.end(),
                                 [](const Finding& finding) { return finding.state == State::kBad; });
  if (bad == 0) std::fprintf(out, "\nall is well\n");
  if (bad > 0) std::fprintf(out, "\n%td %s to mend\n", bad, bad == 1 ? "thing" : "things");
}

void PrintJson(const Findings& findings, bool well, std::FILE* out) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Finding& finding : findings)
    list.push_back({{"area", finding.area}, {"state", WordOf(finding.state)}, {"text", finding.text}});
  const nlohmann::ordered_json all = {{"ok", well}, {"findings", list}};
  // Others' bytes may be no UTF-8.
  const std::string text = all.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  std::fprintf(out, "%s\n", text.c_str());
}

}  // namespace

int Doctor(const Arguments& arguments, const Host& host) {
  Findings findings;
  Patient patient;
  const std::string flag = arguments.Has("--config") ? "--config=" + arguments.Get("--config") : "";
  if (ReadConfig(flag, host.environment, &patient, &findings)) {
    patient.keys = FindKeys(providers::BuiltInCatalog(), host.environment);
    LookAtKeys(patient, &findings);
    LookAtExposure(patient, &findings);
    LookAtPorts(patient, &findings);
    LookAtSystem(patient, &findings);
    const std::vector<Place> places = PlacesOf(patient, host, &findings);
    LookAtPlaces(patient, places, &findings);
    if (arguments.Has("--call")) {
      if (patient.lacking.empty()) {
        CallPlaces(arguments.Get("--config"), places, host, &findings);
      } else {
        findings.push_back(
            {"call", State::kNote, "nobody was called, as the config file's keys are not all here"});
      }
    }
  }
  const bool well = std::none_of(findings.begin(), findings.end(),
                                 [](const Finding& finding) { return finding.state == State::kBad; });
  if (arguments.Has("--json")) {
    PrintJson(findings, well, host.out);
  } else {
    Print(findings, host.out);
  }
  return well ? 0 : 1;
}

}  // namespace portolan::cli
