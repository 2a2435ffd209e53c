#pragma once

// Origins in text. ParseUrl itself is declared in client.h; hosts are read by base/host.h.

#include <cstddef>
#include <string>
#include <string_view>

#include "server/base/text_buffer.h"
#include "server/upstream/client.h"

namespace portolan::upstream {

// Appends `host[:port]` for the Host header: without the port if it is the scheme's default; IPv6 in
// brackets.
void AppendHostHeader(const Origin& origin, TextBuffer* out);
// `host:port`, always with the port, for messages and CONNECT.
std::string HostPort(std::string_view host, uint16_t port);
inline std::string HostPort(const Origin& origin) { return HostPort(origin.host, origin.port); }

struct OriginHash {
  size_t operator()(const Origin& origin) const;
};

}  // namespace portolan::upstream
