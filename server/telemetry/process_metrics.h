#pragma once

namespace portolan::telemetry {

class Exposition;

// Writes what the kernel knows of this process, under the names that Prometheus' client libraries use, and
// portolan_build_info. Leaves out what cannot be read. Reads /proc. Thread-safe.
void WriteProcessMetrics(Exposition* out);

}  // namespace portolan::telemetry
