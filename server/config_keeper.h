#pragma once

// The config file while the gateway runs: read again when it changes or when asked, whole or not at all. What
// is no good changes nothing, and the log says why.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/net/loop.h"
#include "server/net/suspension.h"
#include "server/net/task.h"
#include "server/settings.h"
#include "server/telemetry/logger.h"

namespace portolan {

// Lives on its loop's thread from Watch() on.
//
// A file that is written where it stands is empty for a moment, and then half there; so is what it refers to.
// Hence it is looked at twice, a quarter of a second apart, and what was found counts only if both looks
// found the same. What LossOf() takes for lost is no good either.
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

  // `settings` are what the gateway started with. REQUIRES: they come from a file.
  ConfigKeeper(net::Loop& loop, telemetry::Logger& logger, const Settings& settings, SettingsLoader load,
               Apply apply);

  // Looks at the file every two seconds from now on: at its contents, not its date, since a mounted
  // ConfigMap is swapped by a link further up. What was no file at start, as a pipe, is not looked at.
  void Watch();
  // Reads everything again, also where the file looks the same: what it refers to may have changed. The log
  // tells what came of it, some hundred milliseconds later.
  void BeginReload();
  // The same, and waits for the end: OK if what is there now is in use.
  net::Task<absl::Status> Reload(net::Wait wait);

  const Status& status() const { return status_; }

 private:
  // What stands at the path.
  struct Contents {
    std::string text;
    std::string problem;  // why it cannot be read; empty: it can
    bool operator==(const Contents&) const = default;
  };
  struct Look {
    Contents contents;
    absl::StatusOr<Settings> settings;
    bool Agrees(const Look& other) const;
  };

  Contents ReadContents() const;
  Look TakeLook() const;
  void LookAgain();
  void Conclude(Contents contents, absl::StatusOr<Settings> settings);
  absl::Status Use(absl::StatusOr<Settings> settings);
  void OnTimer() override;

  telemetry::Logger& logger_;
  const SettingsLoader load_;
  const Apply apply_;
  Status status_;
  Settings in_use_;
  Contents seen_;  // what the last decision was about
  bool watching_ = false;
  std::optional<Look> last_;  // set while the file is being looked at several times
  int looks_ = 0;
  absl::Status outcome_;
  std::vector<net::Waiter*> waiters_;
};

}  // namespace portolan
