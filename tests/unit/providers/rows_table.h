#pragma once

namespace portolan::providers {

// What providers of OpenAI's dialect are called with, written down from their documentation and from packages
// that call them (the source of each is named in its row), not read off the rows. A line for each operation:
//
//   PROVIDER OPERATION METHOD URL HEADER: VALUE
//
// for the model `org/m-1`, the key `k`, and these options: workers_ai_account_id
// 0123456789abcdef0123456789abcdef, databricks_host dbc-1a2b.cloud.databricks.com, snowflake_account
// acme-eu1.azure, infomaniak_product_id 4711, predibase_tenant acme.
extern const char kRowsTable[];

}  // namespace portolan::providers
