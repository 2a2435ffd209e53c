#pragma once

// Reads the config file (proto/portolan/config/v1/gateway_config.proto), written as YAML or JSON, checks it,
// telling the place of everything that is wrong, and turns it into FileSettings.
//
//   absl::StatusOr<FileSettings> settings = LoadConfigFile("gateway.yaml", environment);
//   // If not: `gateway.yaml:7:3: routes.main.stratgy: there is no such key; did you mean "strategy"?`

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

// Sorts the problems by their places in the file.
void SortByPlace(ConfigProblems* problems);

// One line for each problem, `FILE:LINE:COLUMN: path: problem`, in the file's order.
std::string DescribeProblems(std::string_view file, const ConfigProblems& problems);

class YamlNode;

// A file that has been read and found good. Immutable, thread-safe.
class ConfigFile {
 public:
  static constexpr size_t kMaxBytes = 1 << 20;

  // Reads and parses the file. nullptr, with at least one problem added, if it cannot be read or is not good.
  static std::unique_ptr<const ConfigFile> Read(const std::string& path, ConfigProblems* problems);
  // Parses `text` and checks all that can be checked without the environment and other files. Adds every
  // problem that it finds; nullptr if there is any. `name` says where the text comes from.
  static std::unique_ptr<const ConfigFile> Parse(std::string name, std::string_view text,
                                                 ConfigProblems* problems);
  ~ConfigFile();

  const std::string& name() const { return name_; }
  const std::string& hash() const { return hash_; }  // as FileSettings::hash
  const v1::GatewayConfig& message() const { return message_; }
  // The members that are accepted but have no effect, with their places.
  const ConfigProblems& without_effect() const { return without_effect_; }

  // Looks up the variables, and reads the files, that this one refers to, and fills in *settings. False, with
  // problems added, if one of them does not hold a key. With `lacking`, for somebody who only looks, those
  // are added to that instead, and a stand-in that opens nothing takes the place of each key.
  bool Resolve(const Environment& environment, FileSettings* settings, ConfigProblems* problems,
               ConfigProblems* lacking = nullptr) const;

 private:
  ConfigFile();

  std::string name_;
  std::string text_;
  std::string hash_;
  v1::GatewayConfig message_;
  ConfigProblems without_effect_;
  std::unique_ptr<const YamlNode> tree_;
};

// Read() and Resolve(). An error has the text of DescribeProblems() as its message.
absl::StatusOr<FileSettings> LoadConfigFile(const std::string& path, const Environment& environment);

}  // namespace portolan::config
