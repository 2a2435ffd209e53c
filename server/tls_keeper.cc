#include "server/tls_keeper.h"

#include <chrono>
#include <utility>

namespace portolan {
namespace {

constexpr std::chrono::seconds kPeriod{2};

}  // namespace

TlsKeeper::TlsKeeper(net::Loop& loop, telemetry::Logger& logger, Files files)
    : net::Timer(loop), logger_(logger), files_(std::move(files)) {}

absl::StatusOr<std::unique_ptr<TlsKeeper>> TlsKeeper::Start(net::Loop& loop, telemetry::Logger& logger,
                                                            Files files) {
  auto keeper = std::unique_ptr<TlsKeeper>(new TlsKeeper(loop, logger, std::move(files)));
  const Files& named = keeper->files_;
  auto identity = net::TlsIdentity::Read(named.certificate, named.key, named.client_ca, named.require_client);
  if (!identity.ok()) return identity.status();
  if (absl::Status status = keeper->Load(*identity); !status.ok()) return status;
  return keeper;
}

absl::Status TlsKeeper::Load(const net::TlsIdentity& identity) {
  auto context = net::TlsContext::Server(identity);
  if (!context.ok()) return context.status();
  identity_ = identity;
  context_ = *std::move(context);
  return absl::OkStatus();
}

void TlsKeeper::Watch(OnChange on_change) {
  on_change_ = std::move(on_change);
  Arm(timer_loop().now() + kPeriod);
}

void TlsKeeper::OnTimer() {
  Check();
  Arm(timer_loop().now() + kPeriod);
}

void TlsKeeper::Check() {
  auto identity =
      net::TlsIdentity::Read(files_.certificate, files_.key, files_.client_ca, files_.require_client);
  if (identity.ok() && (*identity == identity_ || *identity == refused_)) return;
  const absl::Status status = identity.ok() ? Load(*identity) : identity.status();
  if (status.ok()) {
    refused_ = {};
    refusal_.clear();
    logger_.Info("TLS certificate replaced", {{"file", files_.certificate}});
    on_change_(identity_, context_);
    return;
  }
  // Halfway through a replacement the pair does not fit: the next look will tell.
  if (identity.ok()) refused_ = *identity;
  const std::string reason(status.message());
  if (std::exchange(refusal_, reason) == reason) return;
  logger_.Warn("TLS certificate not replaced, the old one stays", {{"reason", reason}});
}

}  // namespace portolan
