#pragma once

// Follows the certificate of the TLS doors: reads it at the start and again when its files change or when
// asked to, and hands it to whoever serves. A bad pair changes nothing. Files count only once two looks in a
// row found the same, as they may still be being written.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "server/net/loop.h"
#include "server/net/tls.h"
#include "server/telemetry/logger.h"

namespace portolan {

class TlsKeeper : private net::Timer {
 public:
  struct Files {
    std::string certificate;
    std::string key;
    std::string client_ca;  // empty: client certificates are not asked for
    bool require_client = false;
  };
  using OnChange =
      std::function<void(const net::TlsIdentity& identity, std::shared_ptr<net::TlsContext> context)>;

  // Reads the files. Fails with one line that names the file and what is wrong with it. From Watch() on, the
  // keeper lives on the thread of `loop`.
  static absl::StatusOr<std::unique_ptr<TlsKeeper>> Start(net::Loop& loop, telemetry::Logger& logger,
                                                          Files files);

  const net::TlsIdentity& identity() const { return identity_; }
  const std::shared_ptr<net::TlsContext>& context() const { return context_; }

  // Looks at the files every few seconds from now on (at their contents rather than their dates, as mounted
  // secrets are swapped by a link further up) and calls `on_change` with every new pair that is good. Call
  // this before the loop runs.
  void Watch(OnChange on_change);
  // Looks at the files now, and again a moment later if there is something new. For the loop's thread.
  void Check();

 private:
  TlsKeeper(net::Loop& loop, telemetry::Logger& logger, Files files);
  absl::Status Load(const net::TlsIdentity& identity);
  absl::StatusOr<net::TlsIdentity> Read() const;
  void Use(const absl::StatusOr<net::TlsIdentity>& identity);
  void OnTimer() override { Check(); }

  telemetry::Logger& logger_;
  const Files files_;
  net::TlsIdentity identity_;  // in use
  net::TlsIdentity refused_;   // the last one seen that was bad, so as to report it only once
  std::optional<absl::StatusOr<net::TlsIdentity>> seen_;  // by the last look, if not in use yet
  std::string refusal_;
  std::shared_ptr<net::TlsContext> context_;
  OnChange on_change_;
};

}  // namespace portolan
