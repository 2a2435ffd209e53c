#pragma once

// The composition root, which is the only place that knows every part. It builds one shard per thread, with
// the two doors and the admin listener on top of them, and takes them down in order.

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "providers/catalog.h"
#include "server/config/environment.h"
#include "server/config/options.h"
#include "server/settings.h"

namespace portolan {

// A running gateway. Its functions are for one thread at a time.
class Gateway {
 public:
  // Starts serving; when this returns, every listener accepts connections. Fails with one line for the
  // operator. `environment` gives the providers' keys and is not kept. If there is a config file it is
  // followed from then on, by means of `load`.
  static absl::StatusOr<std::unique_ptr<Gateway>> Start(const Settings& settings,
                                                        const config::Environment& environment,
                                                        SettingsLoader load);
  // The same without a config file, and with the dialects and providers of `catalog`.
  static absl::StatusOr<std::unique_ptr<Gateway>> Start(
      const config::ServeOptions& options, const config::Environment& environment,
      const providers::Catalog& catalog = providers::BuiltInCatalog());
  // Stops at once if Drain was not called.
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  // The addresses listened on, with the ports that the system chose.
  std::string http_address() const;
  std::string grpc_address() const;
  std::string admin_address() const;

  // Begins to read again what can change without a restart: the config file and the TLS certificate. Returns
  // at once; the log tells the result.
  void Reload();

  // Makes /readyz answer 503, goes on for the drain delay, stops accepting, lets calls under way finish for
  // at most the grace period, then breaks off those that are left. Blocks, so not for a loop's thread.
  void Drain();

 private:
  Gateway();
  static absl::StatusOr<std::unique_ptr<Gateway>> Start(const Settings& settings,
                                                        const config::Environment& environment,
                                                        SettingsLoader load,
                                                        const providers::Catalog& catalog);
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace portolan
