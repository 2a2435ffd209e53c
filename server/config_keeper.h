#pragma once

// Follows the config file while the gateway runs: reads it again when it changes or when asked to, and puts
// it to use whole or not at all. A bad file changes nothing, and the log says why.

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
// A file that is overwritten in place is empty for a moment, then half there, and so are the files it refers
// to. So everything is read twice, a quarter of a second apart, and counts only if both readings are the
// same. Settings that LossOf() objects to are refused too.
class ConfigKeeper : private net::Timer {
 public:
  // Puts settings to use. Fails, without changing anything, if something is wrong with them.
  using Apply = std::function<absl::Status(const Settings&)>;

  struct Status {
    std::string path;
    std::string hash;         // FileSettings::hash of the file in use
    uint64_t generation = 1;  // 1: the one that the gateway started with
    std::chrono::system_clock::time_point loaded;
    uint64_t refused = 0;  // how often a changed file was refused
    std::string refusal;   // why the file as it is now is not in use; empty if it is
  };

  // `settings` are those that the gateway started with. REQUIRES: they come from a file.
  ConfigKeeper(net::Loop& loop, telemetry::Logger& logger, const Settings& settings, SettingsLoader load,
               Apply apply);

  // Looks at the file every two seconds from now on: at its contents rather than its date, as a mounted
  // ConfigMap is swapped by a link further up. Something that was not a regular file at the start, such as a
  // pipe, is not looked at.
  void Watch();
  // Begins to read everything again, even if the file is the same: what it refers to may have changed. The
  // result is in the log a few hundred milliseconds later.
  void BeginReload();
  // The same, and waits for the result: OK if the settings as they are now are in use.
  net::Task<absl::Status> Reload(net::Wait wait);

  const Status& status() const { return status_; }

 private:
  // What is at the path.
  struct Contents {
    std::string text;
    std::string problem;  // why it cannot be read; empty if it can
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
  Contents seen_;  // the contents that the last decision was about
  bool watching_ = false;
  std::optional<Look> last_;  // set while the file is being looked at several times
  int looks_ = 0;
  absl::Status outcome_;
  std::vector<net::Waiter*> waiters_;
};

}  // namespace portolan
