#pragma once

namespace portolan::telemetry {

class Exposition;

// What the kernel knows of this process, under the names that Prometheus' client libraries use, and
// portolan_build_info. A value that cannot be read is left out. Thread-safe; reads /proc.
void WriteProcessMetrics(Exposition* out);

}  // namespace portolan::telemetry
