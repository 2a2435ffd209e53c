#pragma once

// The config file (proto/portolan/config/v1/gateway_config.proto), written as YAML or JSON: read, checked
// with the place of everything that is wrong, and turned into FileSettings.
//
//   absl::StatusOr<FileSettings> settings = LoadConfigFile("gateway.yaml", environment);
//   if (!settings.ok()) -> `gateway.yaml:7:3: routes.main.stratgy: there is no such key; did you mean
//   "strategy"?`

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "portolan/config/v1/gateway_config.pb.h"
#include "server/config/environment.h"
#include "server/config_file/file_settings.h"

namespace portolan::config {

// One thing that is wrong. Lines and columns count from 1, columns in characters; 0: the file as a whole.
struct ConfigProblem {
  int line = 0;
  int column = 0;
  std::string path;     // `routes.main.targets[1].provider`; empty: none in particular
  std::string problem;  // never holds a secret
};
using ConfigProblems = std::vector<ConfigProblem>;

// Puts them in the file's order.
void SortByPlace(ConfigProblems* problems);

// `FILE:LINE:COLUMN: path: problem`, one a line, in the file's order.
std::string DescribeProblems(std::string_view file, const ConfigProblems& problems);

class YamlNode;

// A file that was read and found good. Immutable, thread-safe.
class ConfigFile {
 public:
  static constexpr size_t kMaxBytes = 1 << 20;

  // Reads the file and parses it. nullptr, with at least one problem, if it cannot be read or is not good.
  static std::unique_ptr<const ConfigFile> Read(const std::string& path, ConfigProblems* problems);
  // Checks all that can be checked without looking at the environment or other files, and adds as many
  // problems as it finds. nullptr if there is any. `name` is where the text comes from.
  static std::unique_ptr<const ConfigFile> Parse(std::string name, std::string_view text,
                                                 ConfigProblems* problems);
  ~ConfigFile();

  const std::string& name() const { return name_; }
  const std::string& hash() const { return hash_; }  // as FileSettings::hash
  const v1::GatewayConfig& message() const { return message_; }
  // Paths of members that are accepted but have no effect, with their places.
  const ConfigProblems& without_effect() const { return without_effect_; }

  // Looks up variables and reads the files that are referred to. False, with problems, where one holds no
  // key.
  bool Resolve(const Environment& environment, FileSettings* settings, ConfigProblems* problems) const;

 private:
  ConfigFile();

  std::string name_;
  std::string text_;
  std::string hash_;
  v1::GatewayConfig message_;
  ConfigProblems without_effect_;
  std::unique_ptr<const YamlNode> tree_;
};

// Read and Resolve. Fails with DescribeProblems as its message.
absl::StatusOr<FileSettings> LoadConfigFile(const std::string& path, const Environment& environment);

}  // namespace portolan::config
