#include "server/net/cancel.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace portolan::net {
namespace {

struct Recorder : CancelScope::Hook {
  explicit Recorder(std::vector<CancelReason>* into) : seen(into) {}
  void OnCancel(CancelReason reason) override { seen->push_back(reason); }
  std::vector<CancelReason>* seen;
};

TEST(CancelScope, TheFirstReasonStaysAndHooksRunOnce) {
  CancelScope scope;
  std::vector<CancelReason> seen;
  Recorder one(&seen), two(&seen), elsewhere(&seen);
  one.Link(&scope);
  two.Link(&scope);
  elsewhere.Link(nullptr);
  EXPECT_FALSE(scope.cancelled());
  scope.Cancel(CancelReason::kDeadline);
  scope.Cancel(CancelReason::kClientGone);
  EXPECT_EQ(scope.reason(), CancelReason::kDeadline);
  EXPECT_EQ(seen, std::vector(2, CancelReason::kDeadline));
}

TEST(CancelScope, ALateHookIsNotCalled) {
  CancelScope scope;
  scope.Cancel(CancelReason::kShutdown);
  std::vector<CancelReason> seen;
  Recorder late(&seen);
  late.Link(&scope);
  scope.Cancel(CancelReason::kShutdown);
  EXPECT_TRUE(seen.empty());
}

TEST(CancelScope, UnlinkedAndDestroyedHooksAreNotCalled) {
  std::vector<CancelReason> seen;
  CancelScope scope;
  Recorder first(&seen), middle(&seen);
  first.Link(&scope);
  middle.Link(&scope);
  {
    Recorder last(&seen);
    last.Link(&scope);
  }
  middle.Unlink();
  scope.Cancel(CancelReason::kAbandoned);
  EXPECT_EQ(seen.size(), 1u);
}

// A ring of hooks of which each destroys all others and itself.
struct Destroyer : CancelScope::Hook {
  explicit Destroyer(std::vector<std::unique_ptr<Destroyer>>* everyone, int* calls)
      : all(everyone), count(calls) {}
  void OnCancel(CancelReason) override {
    ++*count;
    std::vector<std::unique_ptr<Destroyer>> doomed = std::move(*all);  // goes, and this with it
  }
  std::vector<std::unique_ptr<Destroyer>>* all;
  int* count;
};

TEST(CancelScope, HooksMayDestroyEachOther) {
  CancelScope scope;
  std::vector<std::unique_ptr<Destroyer>> all;
  int calls = 0;
  for (int i = 0; i < 5; ++i) {
    all.push_back(std::make_unique<Destroyer>(&all, &calls));
    all.back()->Link(&scope);
  }
  scope.Cancel(CancelReason::kClientGone);
  EXPECT_EQ(calls, 1);
}

TEST(CancelScope, AHookOutlivesItsScope) {
  std::vector<CancelReason> seen;
  Recorder hook(&seen);
  {
    CancelScope scope;
    hook.Link(&scope);
  }
  CancelScope other;
  hook.Link(&other);
  other.Cancel(CancelReason::kClientGone);
  EXPECT_EQ(seen.size(), 1u);
}

}  // namespace
}  // namespace portolan::net
