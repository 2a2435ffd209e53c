#pragma once

#include <pthread.h>

#include <functional>
#include <future>
#include <memory>
#include <thread>

#include "server/call_telemetry.h"
#include "server/core/gateway_service.h"
#include "server/heap/recycling.h"
#include "server/http/server.h"
#include "server/net/loop.h"
#include "server/rest/rest_front.h"
#include "server/telemetry/ids.h"
#include "server/upstream/client.h"

namespace portolan {

// Everything that one thread serves calls with. Built on the starting thread, then used on its own.
struct Shard {
  net::Loop loop;
  std::unique_ptr<upstream::Client> client;
  std::unique_ptr<CallTelemetry> telemetry;
  telemetry::IdGenerator ids;
  std::unique_ptr<core::GatewayService> service;
  std::unique_ptr<rest::RestFront> front;
  std::unique_ptr<http::Server> server;
  std::thread thread;

  void Run() {
    thread = std::thread([this] {
      pthread_setname_np(pthread_self(), "shard");
      const heap::RecycledBlocks recycled;
      loop.Run();
    });
  }

  // Runs `function` on the shard's thread and waits until it is done. Not for that thread itself.
  void Call(const std::function<void()>& function) {
    std::promise<void> done;
    loop.Post([&] {
      function();
      done.set_value();
    });
    done.get_future().wait();
  }
};

}  // namespace portolan
