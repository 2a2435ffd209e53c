#include "providers/relay.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "providers/registry.h"

namespace portolan::providers {
namespace {

// The headings of OpenAI's API reference whose objects are kept by the provider.
TEST(Relay, KnowsTheFamiliesOfObjects) {
  struct Case {
    std::string_view path;
    std::string_view family;
  };
  const Case cases[] = {
      {"/assistants", "assistants"},
      {"/assistants/asst_1", "assistants"},
      {"/threads/t/runs/r/steps", "threads"},
      {"/threads?x=1", "threads"},
      {"/vector_stores/v/files", "vector_stores"},
      {"/fine_tuning/jobs", "fine_tuning"},
      {"/uploads/u/parts", "uploads"},
      {"/evals", "evals"},
      {"/containers/c/files", "containers"},
      {"/conversations/c/items", "conversations"},
      {"/batches", "batches"},
      {"/realtime/sessions", "realtime"},
      {"/files", ""},
      {"/images/generations", ""},
      {"/audio/speech", ""},
      {"/responses", ""},
      {"/threadsafe", ""},
      {"/messages/batches", ""},
      {"/", ""},
      {"", ""},
  };
  for (const Case& each : cases) EXPECT_EQ(ObjectFamily(each.path), each.family) << each.path;
  const auto all = AllObjectFamilies();
  for (const Case& each : cases) {
    if (!each.family.empty()) {
      EXPECT_NE(std::find(all.begin(), all.end(), each.family), all.end());
    }
  }
}

TEST(Relay, WhatNobodyTranslatesIsRelayedToAnyProviderButThoseInside) {
  const auto registry = Registry::BuiltIn();
  for (const auto& provider : registry->all()) {
    const Way way = WayOf(*registry->Find("openai")->dialect, operation::kRelay, *provider);
    EXPECT_EQ(way.kind, provider->local == nullptr ? Way::Kind::kRaw : Way::Kind::kUnsupported)
        << provider->name;
    if (way.form != nullptr) {
      EXPECT_TRUE(IsRaw(*way.form));
    }
  }
}

}  // namespace
}  // namespace portolan::providers
