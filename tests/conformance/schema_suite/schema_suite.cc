// schema_suite FOLDER: every case of the official test suite in FOLDER, but for those that are listed here
// with the reason. Exit status 0 if all come out as the suite says, and as many ran as should.

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "server/guardrails/json_schema.h"

namespace {

namespace fs = std::filesystem;
using portolan::guardrails::JsonSchema;
using portolan::guardrails::ParseJson;

constexpr std::string_view kRemote = "refers to another document; none is fetched";
constexpr std::string_view kMetaschema = "refers to the schema of schemas, which is another document";

// Files that are about what is not promised.
const std::map<std::string, std::string_view>& FilesLeftOut() {
  static const auto& files = *new std::map<std::string, std::string_view>{
      {"optional/cross-draft.json", kRemote},
      {"optional/dependencies-compatibility.json", "a keyword of older drafts"},
      {"optional/format-assertion.json", "format is an annotation"},
      {"refRemote.json", kRemote},
      {"vocabulary.json", "a vocabulary is named by another document; none is fetched"},
  };
  return files;
}

// Groups: the schema is refused.
const std::map<std::string, std::string_view>& Refused() {
  static const auto& groups = *new std::map<std::string, std::string_view>{
      {"defs.json: validate definition against metaschema", kMetaschema},
      {"dynamicRef.json: strict-tree schema, guards against misspelled properties", kRemote},
      {"dynamicRef.json: tests for implementation dynamic anchor and reference link", kRemote},
      {"dynamicRef.json: $ref and $dynamicAnchor are independent of order - $defs first", kRemote},
      {"dynamicRef.json: $ref and $dynamicAnchor are independent of order - $ref first", kRemote},
      {"dynamicRef.json: $ref to $dynamicRef finds detached $dynamicAnchor", kRemote},
      {"ref.json: remote ref, containing refs itself", kMetaschema},
  };
  return groups;
}

struct Tally {
  size_t ran = 0;
  size_t refused = 0;
  size_t wrong = 0;
  std::set<std::string> used;  // of the lists above
};

void Complain(Tally* tally, const std::string& name, const std::string& what) {
  ++tally->wrong;
  std::fprintf(stderr, "%s: %s\n", name.c_str(), what.c_str());
}

void RunGroup(const std::string& file, const nlohmann::json& group, Tally* tally) {
  const std::string name = file + ": " + group["description"].get<std::string>();
  std::string path;
  std::string problem;
  const auto schema = JsonSchema::Compile(group["schema"], &path, &problem);
  if (Refused().contains(name)) tally->used.insert(name);
  if (schema == nullptr) {
    tally->refused += group["tests"].size();
    if (!Refused().contains(name)) Complain(tally, name, "refused at " + path + ": " + problem);
    return;
  }
  if (Refused().contains(name)) Complain(tally, name, "is listed as refused, but is not");
  for (const auto& test : group["tests"]) {
    const std::string full = name + ": " + test["description"].get<std::string>();
    const JsonSchema::Result result = schema->Evaluate(test["data"]);
    const bool right = result.outcome == (test["valid"].get<bool>() ? JsonSchema::Outcome::kFits
                                                                    : JsonSchema::Outcome::kDoesNotFit);
    ++tally->ran;
    if (!right) Complain(tally, full, "comes out wrong: " + result.path + " " + result.keyword);
  }
}

bool RunFile(const fs::path& path, const std::string& name, Tally* tally) {
  std::ifstream in(path);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto groups = ParseJson(text);
  if (!groups) return false;
  for (const auto& group : *groups) RunGroup(name, group, tally);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  Tally tally;
  const fs::path folder(argv[1]);
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = fs::relative(entry.path(), folder).string();
    // What formats are is said there; they assert nothing here.
    if (entry.is_directory() || name.starts_with("optional/format/")) continue;
    if (FilesLeftOut().contains(name)) {
      tally.used.insert(name);
    } else if (!RunFile(entry.path(), name, &tally)) {
      Complain(&tally, name, "is no JSON");
    }
  }
  for (const auto* list : {&FilesLeftOut(), &Refused()}) {
    for (const auto& [name, reason] : *list) {
      if (!tally.used.contains(name)) Complain(&tally, name, "is listed, but not in the suite");
    }
  }
  std::printf("%zu cases ran, %zu are of schemas that are refused, %zu wrong\n", tally.ran, tally.refused,
              tally.wrong);
  constexpr size_t kCases = 1321;
  if (tally.ran != kCases) std::printf("%zu should have run\n", kCases);
  return tally.wrong == 0 && tally.ran == kCases ? 0 : 1;
}
