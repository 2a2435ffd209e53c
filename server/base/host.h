#pragma once

// How hosts and ports are written, in URLs, headers and settings: one grammar for all of them. Functions that
// return false say why in *problem, as a clause for a person (`the host is missing`); it never repeats the
// text.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace portolan {

// Checks and normalises a host name or IP literal (IPv6 with or without brackets): lower case, no final dot,
// IP literals in their one canonical form. Names have labels of 1 to 63 letters, digits, `-` and `_`, 253
// characters in all. Refuses everything that some resolver might take for an address written in another way
// (`127.1`, `0x7f000001`, `2130706433`, `0177.0.0.1`).
bool ParseHost(std::string_view text, std::string* host, std::string* problem);

// Decimal digits alone, 0 to 65535. Whether 0 is a port is for the caller to say.
std::optional<uint16_t> ParsePort(std::string_view text);

// `host[:port]` in its parts, which are not looked into.
struct HostParts {
  std::string_view host;                 // with its brackets
  std::optional<std::string_view> port;  // behind the colon; it may be empty
};
// False for brackets that do not match or have something else than a port behind them, and for several colons
// without brackets.
bool SplitHostPort(std::string_view text, HostParts* parts, std::string* problem);

// Where to listen.
struct ListenAddress {
  std::string host;  // an IP literal without brackets; `localhost`; empty: all addresses
  uint16_t port = 0;
};
// `HOST:PORT`, `[v6]:PORT` or `:PORT`. HOST is an IP literal or `localhost`; PORT may be 0.
bool ParseListenAddress(std::string_view text, ListenAddress* address, std::string* problem);

}  // namespace portolan
