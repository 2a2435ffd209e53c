#include "server/config_keeper.h"

#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

namespace portolan {
namespace {

constexpr std::chrono::seconds kPeriod{2};

// nullopt while it cannot be read: halfway through a replacement it may not be there.
std::optional<std::string> ReadBytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (file.bad()) return std::nullopt;
  return bytes;
}

}  // namespace

ConfigKeeper::ConfigKeeper(net::Loop& loop, telemetry::Logger& logger, const config::FileSettings& file,
                           SettingsLoader load, Apply apply)
    : net::Timer(loop), logger_(logger), load_(std::move(load)), apply_(std::move(apply)) {
  status_.path = file.path;
  status_.hash = file.hash;
  status_.loaded = std::chrono::system_clock::now();
  seen_ = ReadBytes(file.path).value_or("");
}

void ConfigKeeper::Watch() { Arm(timer_loop().now() + kPeriod); }

void ConfigKeeper::OnTimer() {
  std::optional<std::string> bytes = ReadBytes(status_.path);
  if (bytes && *bytes != seen_) {
    seen_ = *std::move(bytes);
    // Told of in the log.
    (void)Reload();
  }
  Arm(timer_loop().now() + kPeriod);
}

absl::Status ConfigKeeper::Reload() {
  absl::StatusOr<Settings> settings = load_();
  absl::Status result = settings.status();
  if (result.ok()) result = apply_(*settings);
  if (!result.ok()) {
    ++status_.refused;
    status_.refusal = std::string(result.message());
    logger_.Error("config not reloaded, the old one stays",
                  {{"file", status_.path}, {"reason", status_.refusal}});
    return result;
  }
  status_.refusal.clear();
  status_.hash = settings->file->hash;
  ++status_.generation;
  status_.loaded = std::chrono::system_clock::now();
  logger_.Info("config reloaded",
               {{"file", status_.path}, {"generation", status_.generation}, {"hash", status_.hash}});
  return absl::OkStatus();
}

}  // namespace portolan
