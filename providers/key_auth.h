#pragma once

// How providers of OpenAI's dialect want their keys that take no bearer.

#include "providers/auth.h"

namespace portolan::providers {

// `Authorization: Key KEY`.
const Auth& KeySchemeAuth();
// `api-subscription-key: KEY`.
const Auth& SubscriptionKeyAuth();
// `Modal-Key: ID` and `Modal-Secret: SECRET` of a key `ID:SECRET`; any other goes as a bearer.
const Auth& ModalAuth();

}  // namespace portolan::providers
