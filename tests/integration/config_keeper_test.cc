// The config file while it is being written, and when it is not there: what is looked at twice, and what the
// second look finds.

#include "server/config_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <vector>

#include "server/config_file/config_file.h"
#include "server/telemetry/log_writer.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/config/fake_environment.h"

namespace portolan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// The whole file; its first half is a file too.
constexpr char kBefore[] = "providers:\n  lab: {base_url: \"http://before\"}\n";
constexpr char kHalf[] = "providers:\n  lab: {base_url: \"http://after\"}\n";
constexpr char kWhole[] =
    "providers:\n  lab: {base_url: \"http://after\"}\n  more: {base_url: \"http://more\"}\n";

class ConfigKeeperTest : public ::testing::Test {
 protected:
  const test::TempFolder folder_;
  const std::string path_ = folder_.path() + "/portolan.yaml";
  net::Loop loop_;
  telemetry::LogWriter log_{{}};
  telemetry::LogThreshold threshold_{telemetry::LogLevel::kError};
  telemetry::Logger logger_{log_, threshold_};
  int looks_ = 0;
  std::function<void(int look)> after_look_;
  std::vector<std::string> applied_;
  std::unique_ptr<ConfigKeeper> keeper_;

  // As `>` and `cp` do it: the file stays the same one.
  void Write(const std::string& text) const { std::ofstream(path_, std::ios::trunc) << text; }

  absl::StatusOr<Settings> Load() const {
    auto file = config::LoadConfigFile(path_, config::FakeEnvironment({}));
    if (!file.ok()) return file.status();
    Settings settings;
    settings.options = file->options;
    settings.file = *std::move(file);
    return settings;
  }

  void Start(const std::string& text) {
    Write(text);
    const auto settings = Load();
    ASSERT_TRUE(settings.ok()) << settings.status();
    keeper_ = std::make_unique<ConfigKeeper>(
        loop_, logger_, *settings,
        [this] {
          auto loaded = Load();
          if (after_look_) after_look_(++looks_);
          return loaded;
        },
        [this](const Settings& now) {
          applied_.push_back(now.file->text);
          return absl::OkStatus();
        });
  }

  static net::Task<void> Await(ConfigKeeper& keeper, net::Loop& loop, absl::Status* status) {
    *status = co_await keeper.Reload({});
    loop.Stop();
  }
  absl::Status Reload() {
    absl::Status status = absl::UnknownError("not over");
    loop_.Spawn(Await(*keeper_, loop_, &status));
    loop_.Run();
    return status;
  }
  std::string Refusal() {
    const absl::Status status = Reload();
    EXPECT_FALSE(status.ok());
    EXPECT_THAT(applied_, IsEmpty());
    EXPECT_EQ(keeper_->status().refusal, status.message());
    return std::string(status.message());
  }
};

TEST_F(ConfigKeeperTest, UsesWhatTwoLooksFindAlike) {
  Start(kBefore);
  Write(kWhole);
  EXPECT_TRUE(Reload().ok());
  EXPECT_THAT(applied_, ElementsAre(kWhole));
  EXPECT_EQ(keeper_->status().generation, 2u);
}

// A copy that takes its time.
TEST_F(ConfigKeeperTest, WaitsUntilTheFileIsWhole) {
  Start(kBefore);
  Write("");
  after_look_ = [&](int look) {
    if (look == 1) Write(std::string(kWhole).substr(0, 14));  // not YAML
    if (look == 2) Write(kHalf);
    if (look == 3) Write(kWhole);
  };
  EXPECT_TRUE(Reload().ok());
  EXPECT_THAT(applied_, ElementsAre(kWhole));
  EXPECT_EQ(keeper_->status().refused, 0u) << "what was only halfway is no refusal";
  EXPECT_EQ(looks_, 5);
}

// An editor that moves the old file away before it writes the new one.
TEST_F(ConfigKeeperTest, WaitsUntilTheFileIsThere) {
  Start(kBefore);
  std::filesystem::remove(path_);
  absl::Status status;
  loop_.Spawn(Await(*keeper_, loop_, &status));
  // The first look is over.
  Write(kWhole);
  loop_.Run();
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_THAT(applied_, ElementsAre(kWhole));
}

TEST_F(ConfigKeeperTest, GivesUpOnAFileThatNeverHoldsStill) {
  Start(kBefore);
  after_look_ = [&](int look) { Write(kBefore + std::string("# ") + std::to_string(look) + "\n"); };
  EXPECT_THAT(Refusal(), HasSubstr("it was not the same twice"));
}

// What the file refers to is part of it.
TEST_F(ConfigKeeperTest, WaitsUntilKeyFilesAreWhole) {
  const std::string key = folder_.path() + "/key";
  const auto write_key = [&](const std::string& text) { std::ofstream(key, std::ios::trunc) << text; };
  write_key("the-whole-key");
  Start("callers: {keys: [{name: a, key: \"file:" + key + "\"}]}\n");
  write_key("the-w");
  after_look_ = [&](int look) {
    if (look == 1) write_key("the-whole-key-of-today");
  };
  EXPECT_TRUE(Reload().ok());
  EXPECT_EQ(looks_, 3);
  write_key("");
  applied_.clear();
  EXPECT_THAT(Refusal(), HasSubstr("/key is empty"));
}

TEST_F(ConfigKeeperTest, WhoAsksMeanwhileIsToldToo) {
  Start(kBefore);
  Write(kWhole);
  keeper_->BeginReload();
  absl::Status first = absl::UnknownError("not over");
  loop_.Spawn(Await(*keeper_, loop_, &first));
  EXPECT_TRUE(Reload().ok());
  EXPECT_TRUE(first.ok());
  EXPECT_THAT(applied_, ElementsAre(kWhole)) << "one reload for all of them";
}

TEST_F(ConfigKeeperTest, TellsWhatStandsInThePlaceOfAFile) {
  Start(kBefore);
  std::filesystem::remove(path_);
  EXPECT_EQ(Refusal(), path_ + ": it cannot be read: No such file or directory");
  std::filesystem::create_directory(path_);
  EXPECT_EQ(Refusal(), path_ + ": it cannot be read: it is a directory");
  std::filesystem::remove(path_);
  // To open it would take until somebody writes.
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(Refusal(), path_ + ": it cannot be read: it is no file");
  std::filesystem::remove(path_);
  std::filesystem::create_symlink("portolan.yaml", path_);
  EXPECT_EQ(Refusal(), path_ + ": it cannot be read: Too many levels of symbolic links");
  std::filesystem::remove(path_);
  Write(kBefore + std::string("# caf\xc3"));
  EXPECT_EQ(Refusal(), path_ + ":3:6: the text is not UTF-8");
  Write(std::string(sizeof kBefore, '\0'));  // as a file system leaves it whose machine died
  EXPECT_THAT(Refusal(), HasSubstr("there is a control character"));
  Write(std::string(2 << 20, '#'));
  EXPECT_THAT(Refusal(), HasSubstr("it is larger than 1024 KB"));
  EXPECT_EQ(keeper_->status().refused, 7u);

  Write(kBefore);
  EXPECT_TRUE(Reload().ok());
  EXPECT_EQ(keeper_->status().refusal, "");
}

}  // namespace
}  // namespace portolan
