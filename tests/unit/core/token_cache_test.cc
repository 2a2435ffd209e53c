#include "server/core/token_cache.h"

#include <gtest/gtest.h>

#include <string>

namespace portolan::core {
namespace {

using providers::Token;
using std::chrono::seconds;

constexpr net::TimePoint At(int64_t second) { return net::TimePoint(seconds(1'000'000 + second)); }

Token Lasting(const std::string& text, int64_t lifetime) { return {Secret(text), seconds(lifetime)}; }

class TokenCacheTest : public testing::Test {
 protected:
  std::string Found(std::string_view name, int64_t second) const {
    const Secret* token = cache_.Find(name, At(second));
    return token == nullptr ? "none" : std::string(token->Reveal());
  }
  // A fetch that begins and ends in the same second.
  void Fetch(std::string_view name, int64_t second, const std::string& text, int64_t lifetime) {
    const TokenCache::EntryPtr entry = cache_.Open(name);
    entry->fetching = true;
    TokenCache::Finish(*entry, Lasting(text, lifetime), At(second));
  }

  TokenCache cache_;
};

TEST_F(TokenCacheTest, GivesATokenUntilFiveMinutesBeforeItsEnd) {
  EXPECT_EQ(Found("a", 0), "none");
  Fetch("a", 0, "t", 3600);
  EXPECT_EQ(Found("a", 0), "t");
  EXPECT_EQ(Found("a", 3299), "t");
  EXPECT_EQ(Found("b", 0), "none");
}

TEST_F(TokenCacheTest, WhileOneIsRenewedTheOldOneGoesOn) {
  Fetch("a", 0, "old", 3600);
  // The first to come is told that there is none, so that a fetch begins; then all go on.
  EXPECT_EQ(Found("a", 3300), "none");
  const TokenCache::EntryPtr entry = cache_.Open("a");
  EXPECT_TRUE(entry->due(At(3300)));
  EXPECT_TRUE(entry->good(At(3300)));
  entry->fetching = true;
  EXPECT_EQ(Found("a", 3300), "old");
  EXPECT_EQ(Found("a", 3599), "old");
  // Until it has really ended.
  EXPECT_EQ(Found("a", 3600), "none");
  EXPECT_FALSE(entry->due(At(3600)));
  TokenCache::Finish(*entry, Lasting("new", 3600), At(3601));
  EXPECT_EQ(Found("a", 3601), "new");
}

TEST_F(TokenCacheTest, ShortTokensAreRenewedInTheirLastQuarter) {
  Fetch("a", 0, "t", 60);
  EXPECT_EQ(Found("a", 44), "t");
  EXPECT_TRUE(cache_.Open("a")->due(At(45)));
  EXPECT_TRUE(cache_.Open("a")->good(At(59)));
  EXPECT_FALSE(cache_.Open("a")->good(At(60)));
}

TEST_F(TokenCacheTest, AFailureIsRememberedForASecond) {
  const TokenCache::EntryPtr entry = cache_.Open("a");
  entry->fetching = true;
  TokenCache::Finish(*entry, TokenFailure{502, "down"}, At(0));
  EXPECT_FALSE(entry->due(At(0)));
  EXPECT_EQ(entry->failure->message, "down");
  EXPECT_TRUE(entry->due(At(1)));
  TokenCache::Finish(*entry, Lasting("t", 3600), At(2));
  EXPECT_FALSE(entry->failure);
  EXPECT_EQ(Found("a", 2), "t");
}

TEST_F(TokenCacheTest, AFailedRenewalLeavesTheOldOne) {
  Fetch("a", 0, "old", 3600);
  const TokenCache::EntryPtr entry = cache_.Open("a");
  entry->fetching = true;
  TokenCache::Finish(*entry, TokenFailure{502, "down"}, At(3400));
  EXPECT_EQ(Found("a", 3400), "old");
  // Then it is tried again.
  EXPECT_EQ(Found("a", 3401), "none");
  EXPECT_TRUE(entry->due(At(3401)));
  EXPECT_TRUE(entry->good(At(3401)));
}

TEST_F(TokenCacheTest, ARefusedTokenIsForgotten) {
  Fetch("a", 10, "t", 3600);
  // It was not there yet when that call was made, which must have used an older one.
  cache_.Drop("a", At(9));
  EXPECT_EQ(Found("a", 11), "t");
  cache_.Drop("other", At(12));
  cache_.Drop("a", At(12));
  EXPECT_EQ(Found("a", 13), "none");
  EXPECT_TRUE(cache_.Open("a")->due(At(13)));
}

TEST_F(TokenCacheTest, IsBounded) {
  const TokenCache::EntryPtr first = cache_.Open("first");
  first->fetching = true;
  for (size_t i = 0; i < 2 * TokenCache::kMaxTokens; ++i) {
    const std::string name = std::to_string(i);
    Fetch(name, 0, "t" + name, 3600);
    if (i == TokenCache::kMaxTokens / 2) EXPECT_EQ(cache_.Open("first"), first);
  }
  EXPECT_EQ(cache_.size(), TokenCache::kMaxTokens);
  EXPECT_EQ(Found("0", 0), "none");
  EXPECT_EQ(Found("1999", 0), "t1999");
  // What was forgotten while it was fetched troubles nobody.
  TokenCache::Finish(*first, Lasting("late", 3600), At(0));
  EXPECT_EQ(Found("first", 0), "none");
  EXPECT_EQ(first->token.text.Reveal(), "late");
}

TEST_F(TokenCacheTest, WhatIsUsedStays) {
  Fetch("kept", 0, "t", 3600);
  for (size_t i = 0; i < 3 * TokenCache::kMaxTokens; ++i) {
    Fetch(std::to_string(i), 0, "x", 3600);
    cache_.Open("kept");
  }
  EXPECT_EQ(Found("kept", 0), "t");
}

}  // namespace
}  // namespace portolan::core
