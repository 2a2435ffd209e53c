// Config files of any bytes. Properties: there is a file or a problem; problems have a place in the text and
// a line each; a good file, printed with its defaults as YAML or as JSON, is a good file again and says the
// same.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "server/config_file/config_file.h"
#include "server/config_file/print.h"
#include "server/config_file/yaml_writer.h"

namespace {

using namespace portolan::config;

void Require(bool holds) {
  if (!holds) std::abort();
}

void CheckProblems(std::string_view text, const ConfigProblems& problems) {
  const auto lines = std::count(text.begin(), text.end(), '\n') + 1;
  Require(problems.size() <= 100);
  for (const ConfigProblem& problem : problems) {
    Require(problem.line >= 0 && problem.line <= lines && problem.column >= 0);
    Require((problem.line == 0) == (problem.column == 0));
    Require(!problem.problem.empty());
    Require(DescribeProblems("f", {problem}).find_first_of("\n\r") == std::string::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  ConfigProblems problems;
  const auto file = ConfigFile::Parse("f", text, &problems);
  Require((file == nullptr) == !problems.empty());
  CheckProblems(text, problems);
  if (file == nullptr) return 0;
  CheckProblems(text, file->without_effect());
  const std::string effective = EffectiveJson(*file);
  for (const std::string& printed : {ToYaml(effective), ToIndentedJson(effective)}) {
    ConfigProblems none;
    const auto again = ConfigFile::Parse("f", printed, &none);
    Require(again != nullptr && EffectiveJson(*again) == effective);
  }
  return 0;
}
