#pragma once

#include "server/core/record.h"

namespace portolan::core {

// Hears of calls and does nothing about it.
class QuietObserver : public CallObserver {
 public:
  void OnCallFinished(const CallRecord&) override {}
  void OnCallStarted(Door) override {}
  void OnCallEnded(Door) override {}
  void OnStreamOpened() override {}
  void OnStreamClosed() override {}
  void OnConnectionOpened(Door) override {}
  void OnConnectionClosed(Door) override {}
};

}  // namespace portolan::core
