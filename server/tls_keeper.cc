#include "server/tls_keeper.h"

#include <chrono>
#include <utility>

namespace portolan {
namespace {

constexpr std::chrono::seconds kPeriod{2};
constexpr std::chrono::milliseconds kBetweenLooks{250};

}  // namespace

TlsKeeper::TlsKeeper(net::Loop& loop, telemetry::Logger& logger, Files files)
    : net::Timer(loop), logger_(logger), files_(std::move(files)) {}

absl::StatusOr<std::unique_ptr<TlsKeeper>> TlsKeeper::Start(net::Loop& loop, telemetry::Logger& logger,
                                                            Files files) {
  auto keeper = std::unique_ptr<TlsKeeper>(new TlsKeeper(loop, logger, std::move(files)));
  auto identity = keeper->Read();
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

absl::StatusOr<net::TlsIdentity> TlsKeeper::Read() const {
  return net::TlsIdentity::Read(files_.certificate, files_.key, files_.client_ca, files_.require_client);
}

void TlsKeeper::Check() {
  absl::StatusOr<net::TlsIdentity> identity = Read();
  if (identity.ok() && (*identity == identity_ || *identity == refused_)) {
    seen_.reset();
  } else if (!seen_ || *seen_ != identity) {
    seen_ = std::move(identity);
    return Arm(timer_loop().UpdateNow() + kBetweenLooks);
  } else {
    seen_.reset();
    Use(identity);
  }
  Arm(timer_loop().UpdateNow() + kPeriod);
}

void TlsKeeper::Use(const absl::StatusOr<net::TlsIdentity>& identity) {
  const absl::Status status = identity.ok() ? Load(*identity) : identity.status();
  if (status.ok()) {
    refused_ = {};
    refusal_.clear();
    logger_.Info("TLS certificate replaced", {{"file", files_.certificate}});
    on_change_(identity_, context_);
    return;
  }
  // After one file is replaced and before the other is, the pair does not fit: a later look will find one
  // that does.
  if (identity.ok()) refused_ = *identity;
  const std::string reason(status.message());
  if (std::exchange(refusal_, reason) == reason) return;
  logger_.Warn("TLS certificate not replaced, the old one stays", {{"reason", reason}});
}

}  // namespace portolan
