#pragma once

#include "server/net/socket.h"

namespace portolan::net {

// What the errno of a failed socket call means for a connection: the code, and the errno itself.
IoResult FromErrno(int error);

}  // namespace portolan::net
