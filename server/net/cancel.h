#pragma once

// Cancellation of everything that one call does, with a reason. Lives on one shard; not thread-safe.

#include <cstdint>
#include <string_view>

namespace portolan::net {

enum class CancelReason : uint8_t {
  kNone,
  kClientGone,  // the caller closed its connection or cancelled the rpc
  kDeadline,    // the call's whole budget ran out
  kShutdown,    // the gateway's grace period ran out
  kAbandoned,   // the outcome is no longer wanted
};

std::string_view ToString(CancelReason reason);

class CancelScope {
 public:
  // Something to be told of the cancellation. Joins a scope by Link(); leaves it by Unlink() or on
  // destruction.
  class Hook {
   public:
    Hook() = default;
    Hook(const Hook&) = delete;
    Hook& operator=(const Hook&) = delete;
    virtual ~Hook() { Unlink(); }

    // Called at most once for each Link(), from within Cancel(). May destroy hooks, this one included, but
    // not the scope.
    virtual void OnCancel(CancelReason reason) = 0;

    // Joins `scope`, which must be the only one; null does nothing. If the scope is already cancelled,
    // OnCancel is NOT called: test first.
    void Link(CancelScope* scope);
    void Unlink() {
      if (scope_ != nullptr) Remove();
    }

   private:
    friend class CancelScope;
    void Remove();

    CancelScope* scope_ = nullptr;
    Hook* previous_ = nullptr;
    Hook* next_ = nullptr;
  };

  CancelScope() = default;
  CancelScope(const CancelScope&) = delete;
  CancelScope& operator=(const CancelScope&) = delete;
  ~CancelScope();

  bool cancelled() const { return reason_ != CancelReason::kNone; }
  CancelReason reason() const { return reason_; }

  // The first reason stays. Runs every linked hook, in no particular order. REQUIRES: reason is not kNone.
  void Cancel(CancelReason reason);

 private:
  CancelReason reason_ = CancelReason::kNone;
  Hook* first_ = nullptr;
};

}  // namespace portolan::net
