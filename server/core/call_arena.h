#pragma once

#include <google/protobuf/arena.h>

#include <optional>

namespace portolan::core {

// The arena of one call's messages, made with the first of them: most calls are relayed and have none.
class CallArena {
 public:
  google::protobuf::Arena& get() {
    if (!arena_) arena_.emplace(Options());
    return *arena_;
  }

 private:
  static google::protobuf::ArenaOptions Options() {
    google::protobuf::ArenaOptions options;
    options.start_block_size = 4096;  // a translated call of the usual size needs no second one
    return options;
  }

  std::optional<google::protobuf::Arena> arena_;
};

}  // namespace portolan::core
