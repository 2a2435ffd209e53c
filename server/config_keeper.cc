#include "server/config_keeper.h"

#include <sys/stat.h>

#include <utility>

#include "server/base/text_file.h"
#include "server/config_file/config_file.h"
#include "server/settings_loss.h"

namespace portolan {
namespace {

constexpr std::chrono::seconds kPeriod{2};
constexpr std::chrono::milliseconds kBetweenLooks{250};
constexpr int kMostLooks = 20;

// Only regular files can be read again; reading from a pipe may take forever.
std::string WhyNotAFile(const std::string& path) {
  struct stat found{};
  if (stat(path.c_str(), &found) != 0 || S_ISREG(found.st_mode)) return {};
  return S_ISDIR(found.st_mode) ? "it cannot be read: it is a directory" : "it cannot be read: it is no file";
}

// Makes a waiter a member of the list for as long as its frame lives.
class Registration {
 public:
  Registration(std::vector<net::Waiter*>* waiters, net::Waiter* waiter)
      : waiters_(*waiters), waiter_(waiter) {
    waiters_.push_back(waiter_);
  }
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;
  ~Registration() { std::erase(waiters_, waiter_); }

 private:
  std::vector<net::Waiter*>& waiters_;
  net::Waiter* const waiter_;
};

}  // namespace

bool ConfigKeeper::Look::Agrees(const Look& other) const {
  if (contents != other.contents || settings.ok() != other.settings.ok()) return false;
  if (!settings.ok()) return settings.status() == other.settings.status();
  // The file may have changed between the two ways in which a look reads it.
  return settings->file->digest == other.settings->file->digest && settings->file->text == contents.text;
}

ConfigKeeper::ConfigKeeper(net::Loop& loop, telemetry::Logger& logger, const Settings& settings,
                           SettingsLoader load, Apply apply)
    : net::Timer(loop), logger_(logger), load_(std::move(load)), apply_(std::move(apply)), in_use_(settings) {
  status_.path = settings.file->path;
  status_.hash = settings.file->hash;
  status_.loaded = std::chrono::system_clock::now();
  seen_.text = settings.file->text;
}

void ConfigKeeper::Watch() {
  watching_ = WhyNotAFile(status_.path).empty();
  if (watching_) Arm(timer_loop().now() + kPeriod);
}

ConfigKeeper::Contents ConfigKeeper::ReadContents() const {
  Contents contents;
  contents.problem = WhyNotAFile(status_.path);
  if (contents.problem.empty() &&
      !ReadTextFile(status_.path, config::ConfigFile::kMaxBytes, &contents.text, &contents.problem)) {
    contents.text.clear();
  }
  return contents;
}

ConfigKeeper::Look ConfigKeeper::TakeLook() const {
  Contents contents = ReadContents();
  if (!contents.problem.empty()) {
    absl::Status problem = absl::InvalidArgumentError(status_.path + ": " + contents.problem);
    return {std::move(contents), std::move(problem)};
  }
  return {std::move(contents), load_()};
}

void ConfigKeeper::OnTimer() {
  if (last_) return LookAgain();
  if (ReadContents() != seen_) return BeginReload();
  Arm(timer_loop().now() + kPeriod);
}

void ConfigKeeper::BeginReload() {
  // A round under way still has its last look to come.
  if (last_) return;
  looks_ = 1;
  last_ = TakeLook();
  Arm(timer_loop().UpdateNow() + kBetweenLooks);
}

void ConfigKeeper::LookAgain() {
  Look look = TakeLook();
  if (look.Agrees(*last_)) return Conclude(std::move(look.contents), std::move(look.settings));
  if (++looks_ == kMostLooks) {
    absl::Status problem =
        absl::UnavailableError(status_.path + ": it was not the same twice, however often it was looked at");
    return Conclude(std::move(look.contents), std::move(problem));
  }
  last_ = std::move(look);
  Arm(timer_loop().UpdateNow() + kBetweenLooks);
}

void ConfigKeeper::Conclude(Contents contents, absl::StatusOr<Settings> settings) {
  last_.reset();
  seen_ = std::move(contents);
  outcome_ = Use(std::move(settings));
  if (watching_) Arm(timer_loop().UpdateNow() + kPeriod);
  for (net::Waiter* const waiter : waiters_) waiter->Notify();
}

net::Task<absl::Status> ConfigKeeper::Reload(net::Wait wait) {
  BeginReload();
  net::Waiter waiter(timer_loop(), wait);
  const Registration registered(&waiters_, &waiter);
  const net::WaitResult result = co_await waiter;
  if (result != net::WaitResult::kReady) co_return absl::CancelledError("nobody waits for it any more");
  co_return outcome_;
}

absl::Status ConfigKeeper::Use(absl::StatusOr<Settings> settings) {
  absl::Status result = settings.status();
  if (result.ok()) {
    const std::string loss = LossOf(in_use_, *settings);
    result = loss.empty() ? apply_(*settings) : absl::FailedPreconditionError(status_.path + ": " + loss);
  }
  if (!result.ok()) {
    ++status_.refused;
    status_.refusal = std::string(result.message());
    logger_.Error("config not reloaded, the old one stays",
                  {{"file", status_.path}, {"reason", status_.refusal}});
    return result;
  }
  in_use_ = *std::move(settings);
  status_.refusal.clear();
  status_.hash = in_use_.file->hash;
  ++status_.generation;
  status_.loaded = std::chrono::system_clock::now();
  logger_.Info("config reloaded",
               {{"file", status_.path}, {"generation", status_.generation}, {"hash", status_.hash}});
  return absl::OkStatus();
}

}  // namespace portolan
