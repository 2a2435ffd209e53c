#pragma once

// OpenAI's dialect, which is the hub's: that of OpenAI itself and of everything compatible with it. The wire
// format is that of the OpenAI API reference, as typed in proto/portolan/v1.

#include "providers/dialect.h"

namespace portolan::providers {

const Dialect& OpenAiDialect();

}  // namespace portolan::providers
