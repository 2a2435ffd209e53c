#pragma once

// How the value of each setting is read into ServeOptions. Each returns false if the text is no good, says in
// *problem what it must be, and leaves the options as they were. Internal to server/config.

#include <chrono>
#include <string>
#include <string_view>

#include "server/base/host.h"
#include "server/config/options.h"
#include "server/config/values.h"

namespace portolan::config {

using Text = std::string_view;

template <std::string ServeOptions::* kMember>
bool Address(Text value, ServeOptions* options, std::string* problem) {
  ListenAddress ignored;
  if (!ParseListenAddress(value, &ignored, problem)) return false;
  options->*kMember = std::string(value);
  return true;
}

template <std::string ServeOptions::* kMember>
bool String(Text value, ServeOptions* options, std::string* problem) {
  if (value.empty()) {
    *problem = "it must not be empty";
    return false;
  }
  options->*kMember = std::string(value);
  return true;
}

template <bool ServeOptions::* kMember>
bool Switch(Text value, ServeOptions* options, std::string* problem) {
  return ParseBool(value, &(options->*kMember), problem);
}

template <std::chrono::milliseconds ServeOptions::* kMember, bool kZero>
bool Duration(Text value, ServeOptions* options, std::string* problem) {
  std::chrono::milliseconds parsed;
  if (!ParseDuration(value, &parsed, problem)) return false;
  if (!kZero && parsed == std::chrono::milliseconds::zero()) {
    *problem = "it must be longer than nothing";
    return false;
  }
  options->*kMember = parsed;
  return true;
}

template <auto kMember>
void Clear(ServeOptions* options) {
  (options->*kMember).clear();
}

bool Threads(Text value, ServeOptions* options, std::string* problem);
bool MaxBody(Text value, ServeOptions* options, std::string* problem);
bool MaxRelayBody(Text value, ServeOptions* options, std::string* problem);
bool MaxHeld(Text value, ServeOptions* options, std::string* problem);
bool Level(Text value, ServeOptions* options, std::string* problem);
bool CallerKey(Text value, ServeOptions* options, std::string* problem);
bool AdminKey(Text value, ServeOptions* options, std::string* problem);
bool CorsOrigin(Text value, ServeOptions* options, std::string* problem);
bool AllowedHost(Text value, ServeOptions* options, std::string* problem);
bool AllowUpstream(Text value, ServeOptions* options, std::string* problem);
bool TlsClientAuth(Text value, ServeOptions* options, std::string* problem);
bool UsageStreams(Text value, ServeOptions* options, std::string* problem);
bool DefaultProvider(Text value, ServeOptions* options, std::string* problem);

}  // namespace portolan::config
