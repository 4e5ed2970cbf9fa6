//! Bodies of requests about monitors, for the OpenAPI document.

use valpero_domain::MonitorSpec;
use valpero_views::body;

body!(MonitorCreate, MonitorSpec::OBJECT, Whole);
body!(MonitorPatch, MonitorSpec::OBJECT, Patch);
