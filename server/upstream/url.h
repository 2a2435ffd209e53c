#pragma once

// Origins in text. ParseUrl itself is declared in client.h.

#include <cstddef>
#include <string>
#include <string_view>

#include "server/base/text_buffer.h"
#include "server/upstream/client.h"

namespace portolan::upstream {

// Checks and normalises the host of a URL or of a setting (IPv6 with or without brackets): lower case, no
// trailing dot, IP literals in their one canonical form. Refuses everything that some resolver might take for
// an address written in another way (`127.1`, `0x7f000001`, `2130706433`, `0177.0.0.1`).
bool ParseHost(std::string_view text, std::string* host, std::string* problem);

// `host[:port]` for the Host header: the port is left out when it is the scheme's own; IPv6 is bracketed.
void AppendHostHeader(const Origin& origin, TextBuffer* out);
// `host:port`, always with the port: for messages and CONNECT.
std::string HostPort(std::string_view host, uint16_t port);
inline std::string HostPort(const Origin& origin) { return HostPort(origin.host, origin.port); }

struct OriginHash {
  size_t operator()(const Origin& origin) const;
};

}  // namespace portolan::upstream
