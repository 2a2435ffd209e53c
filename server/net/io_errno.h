#pragma once

#include "server/net/socket.h"

namespace portolan::net {

// What a system call's errno means for a connection.
IoResult FromErrno(int error);

}  // namespace portolan::net
