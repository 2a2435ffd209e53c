#pragma once

// Middleware that is a webhook of Portkey's shape (server/guardrails/webhook.h): asked at `request`,
// `attempt` and `response`, by an HTTP POST each time.

#include <memory>

#include "server/middleware/middleware.h"
#include "server/upstream/client.h"

namespace portolan::middleware {

// `client` must outlive the service. REQUIRES: settings.webhook is a URL that ParseRequestUrl takes.
std::unique_ptr<Service> NewWebhook(const Settings& settings, upstream::Client& client);

}  // namespace portolan::middleware
