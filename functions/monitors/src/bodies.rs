//! Bodies of requests about monitors, for the OpenAPI document.

use valpero_app::body;
use valpero_domain::MonitorSpec;

body!(NewMonitor, MonitorSpec::OBJECT, Whole);
body!(MonitorPatch, MonitorSpec::OBJECT, Patch);
