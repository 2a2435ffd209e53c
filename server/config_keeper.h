#pragma once

// The config file while the gateway runs: read again when it changes or when asked, whole or not at all. What
// is no good changes nothing, and the log says why.

#include <chrono>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "server/net/loop.h"
#include "server/settings.h"
#include "server/telemetry/logger.h"

namespace portolan {

// Lives on its loop's thread from Watch() on.
class ConfigKeeper : private net::Timer {
 public:
  // Puts settings to use; fails, having changed nothing, with what is wrong with them.
  using Apply = std::function<absl::Status(const Settings&)>;

  struct Status {
    std::string path;
    std::string hash;         // of the file in use, as FileSettings::hash
    uint64_t generation = 1;  // 1 is what the gateway started with
    std::chrono::system_clock::time_point loaded;
    uint64_t refused = 0;  // how often a changed file was no good
    std::string refusal;   // why the file as it is now is not in use; empty: it is
  };

  // `file` is what the gateway started with.
  ConfigKeeper(net::Loop& loop, telemetry::Logger& logger, const config::FileSettings& file,
               SettingsLoader load, Apply apply);

  // Looks at the file every two seconds from now on: at its contents, not its date, since a mounted
  // ConfigMap is swapped by a link further up.
  void Watch();
  // Reads everything again, also where the file looks the same: what it refers to may have changed. OK if
  // that is in use now.
  absl::Status Reload();

  const Status& status() const { return status_; }

 private:
  void OnTimer() override;

  telemetry::Logger& logger_;
  const SettingsLoader load_;
  const Apply apply_;
  Status status_;
  std::string seen_;  // the file's bytes when it was looked at last
};

}  // namespace portolan
