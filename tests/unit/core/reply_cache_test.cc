#include "server/core/reply_cache.h"

#include <gtest/gtest.h>

#include <string>

namespace portolan::core {
namespace {

using guardrails::Reply;
using std::chrono::seconds;

constexpr net::TimePoint When(int64_t second) { return net::TimePoint(seconds(1'000'000 + second)); }

Reply Good(const std::string& body) { return {.status = 200, .body = body}; }

class ReplyCacheTest : public testing::Test {
 protected:
  // A fetch that begins and ends in the same second.
  void Fetch(const std::string& name, Reply reply, int64_t second) {
    const ReplyCache::EntryPtr entry = cache_.Open(name);
    entry->is_fetching = true;
    cache_.Finish(entry, std::move(reply), When(second));
  }
  std::string Kept(const std::string& name, int64_t second, int64_t max_age) {
    const auto reply = cache_.Open(name)->At(When(second), seconds(max_age));
    if (!reply) return "none";
    return reply->failure.empty() ? reply->body + " " + std::to_string(reply->age.count()) : reply->failure;
  }

  ReplyCache cache_;
};

TEST_F(ReplyCacheTest, KeepsAReplyAsLongAsItIsWanted) {
  EXPECT_EQ(Kept("a", 0, 60), "none");
  Fetch("a", Good("keys"), 0);
  EXPECT_EQ(Kept("a", 0, 60), "keys 0");
  EXPECT_EQ(Kept("a", 59, 60), "keys 59");
  EXPECT_EQ(Kept("a", 60, 60), "none");
  EXPECT_EQ(Kept("a", 60, 3600), "keys 60");
  EXPECT_EQ(Kept("a", 40, 30), "none");
  EXPECT_EQ(Kept("b", 0, 60), "none");
}

TEST_F(ReplyCacheTest, RemembersAFailureForASecond) {
  Fetch("a", {.failure = "it refuses connections"}, 0);
  EXPECT_EQ(Kept("a", 0, 60), "it refuses connections");
  EXPECT_EQ(Kept("a", 1, 60), "none");
  // A status that is no success is one too, though it says what it is.
  Fetch("a", {.status = 503, .body = "x"}, 10);
  EXPECT_EQ(cache_.Open("a")->At(When(10), seconds(60))->status, 503);
  EXPECT_EQ(Kept("a", 11, 60), "none");
}

TEST_F(ReplyCacheTest, AFailureDoesNotUndoWhatIsGoodStill) {
  Fetch("a", Good("keys"), 0);
  Fetch("a", {.failure = "down"}, 100);
  EXPECT_EQ(Kept("a", 100, 3600), "keys 100");
  EXPECT_EQ(Kept("a", 100, 30), "down");
}

TEST_F(ReplyCacheTest, IsBoundedInNumber) {
  for (size_t i = 0; i < ReplyCache::kMaxEntries + 10; ++i) {
    Fetch("n" + std::to_string(i), Good("x"), 0);
    // What is used stays.
    EXPECT_EQ(Kept("n0", 0, 60), "x 0");
  }
  EXPECT_EQ(cache_.size(), ReplyCache::kMaxEntries);
  EXPECT_EQ(cache_.bytes(), ReplyCache::kMaxEntries);
  EXPECT_EQ(Kept("n1", 0, 60), "none");
}

TEST_F(ReplyCacheTest, IsBoundedInBytes) {
  const std::string big(1u << 20, 'x');
  for (int i = 0; i < 40; ++i) Fetch("n" + std::to_string(i), Good(big), 0);
  EXPECT_LE(cache_.bytes(), ReplyCache::kMaxBytes);
  EXPECT_EQ(cache_.size(), ReplyCache::kMaxBytes / big.size());
  // In the place of the one before.
  Fetch("n39", Good("y"), 1);
  EXPECT_EQ(Kept("n39", 1, 60), "y 0");
  EXPECT_EQ(cache_.bytes(), ReplyCache::kMaxBytes - big.size() + 1);
}

TEST_F(ReplyCacheTest, WhatIsForgottenMeanwhileCountsForNothing) {
  const ReplyCache::EntryPtr entry = cache_.Open("a");
  entry->is_fetching = true;
  for (size_t i = 0; i < ReplyCache::kMaxEntries; ++i) cache_.Open("n" + std::to_string(i));
  cache_.Finish(entry, Good("late"), When(0));
  EXPECT_EQ(cache_.bytes(), 0U);
  EXPECT_EQ(entry->At(When(0), seconds(60))->body, "late");
}

}  // namespace
}  // namespace portolan::core
