#pragma once

// What the operator says of one middleware. Plain data, for all who only keep it or hand it on.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/base/secret.h"

namespace portolan::middleware {

// When a middleware is asked, in the order of a call.
enum class Hook : uint8_t {
  kRequest,   // once, before the call is routed
  kAttempt,   // what one target is to be asked
  kResponse,  // a whole answer
  kChunk,     // each chunk of a streamed answer
  kEnd,       // the call is over
};
inline constexpr size_t kHooks = 5;

// `request`, `attempt`, `response`, `chunk`, `end`.
std::string_view NameOf(Hook hook);
std::optional<Hook> HookOf(std::string_view name);

class HookSet {
 public:
  constexpr HookSet() = default;
  constexpr void Add(Hook hook) { bits_ |= Bit(hook); }
  constexpr bool Has(Hook hook) const { return (bits_ & Bit(hook)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  bool operator==(const HookSet&) const = default;

 private:
  static constexpr uint8_t Bit(Hook hook) { return static_cast<uint8_t>(1u << static_cast<uint8_t>(hook)); }

  uint8_t bits_ = 0;
};

// How bodies are handed over.
enum class BodyForm : uint8_t {
  kNone,
  kJson,   // in the words of the caller's API
  kTyped,  // as messages of portolan.v1 where there are such, else as JSON
};

struct Settings {
  std::string name;
  // Exactly one of these is set.
  std::string grpc;      // `HOST:PORT`
  std::string webhook;   // an http or https URL
  std::string built_in;  // the name of one that is built in

  bool tls = false;              // of gRPC
  std::optional<HookSet> hooks;  // nullopt: as the middleware says
  std::chrono::milliseconds timeout{500};
  bool pass_on_error = false;             // what goes wrong is counted and logged, and the call goes on
  bool async = false;                     // asked beside the call; implies pass_on_error
  std::optional<bool> read_only;          // nullopt: as the middleware says
  std::vector<std::string> headers = {};  // in lower case
  std::vector<std::pair<std::string, Secret>> secret_headers = {};  // that the gateway sends to it
  size_t max_body = 4u << 20;
};

// By name, in the order of names. Immutable.
using SettingsList = std::vector<std::shared_ptr<const Settings>>;

}  // namespace portolan::middleware
