//! How far a key may reach: to look at what everybody can see, or to act as a monitor may.

use valpero_domain::{
    Scope,
    check::Check,
    http_check::Method,
    probe::{ErrorCode, ProbeResult},
};
use valpero_http::{Auth, Problem, need};
use valpero_outbound::Outbound;

use crate::Tools;

/// What keys without `monitors:write` may do.
const LOOK_ONLY: &str = "A key without it may look at public targets alone, by GET or HEAD, without headers, body or basic_auth of its own.";

/// How far the key of this request may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// It may read monitors: a probe must change nothing, and see nothing that the public internet does not.
    Look,
    /// It may make monitors, which do the same every minute.
    Act,
}

impl Reach {
    pub(crate) fn of(auth: &Auth<need::MonitorsRead>) -> Self {
        if auth.caller.scopes.holds(Scope::MonitorsWrite) { Self::Act } else { Self::Look }
    }

    /// Refuses a check that says something of the caller's own to its target.
    pub(crate) fn permit(self, check: &Check) -> Result<(), Problem> {
        match (self, spoken(check)) {
            (Self::Look, Some(what)) => {
                Err(Problem::missing_scope_for(Scope::MonitorsWrite, &format!("It sends {what}. {LOOK_ONLY}")))
            }
            _ => Ok(()),
        }
    }

    /// The ways out: their guard decides about every address before it is connected to, also behind names and redirects.
    pub(crate) fn ways_out(self, tools: &Tools) -> &Outbound {
        match self {
            Self::Look => &tools.public,
            Self::Act => &tools.outbound,
        }
    }

    /// Refuses what the guard held back, where the deployment would let other keys through. What the address is stays untold.
    pub(crate) fn seen(self, result: &ProbeResult, private_targets: bool) -> Result<(), Problem> {
        let blocked = result.cause.as_ref().is_some_and(|cause| cause.code == ErrorCode::BlockedAddress);
        if self == Self::Look && private_targets && blocked {
            let why = format!("The target, or where it leads, is not on the public internet. {LOOK_ONLY}");
            return Err(Problem::missing_scope_for(Scope::MonitorsWrite, &why));
        }
        Ok(())
    }
}

/// What of the caller's own a check would send.
fn spoken(check: &Check) -> Option<&'static str> {
    match check {
        Check::Http(_, http) if !matches!(http.method, Method::Get | Method::Head) => {
            Some("another method than GET or HEAD")
        }
        Check::Http(_, http) if http.headers.iter().next().is_some() => Some("headers"),
        Check::Http(_, http) if http.body.is_some() => Some("a body"),
        Check::Http(_, http) if http.basic_auth.is_some() => Some("basic_auth"),
        Check::Tcp(tcp) if tcp.send.is_some() => Some("a text"),
        Check::Http(..) | Check::Ssl(_) | Check::Tcp(_) | Check::Dns(_) | Check::Ping(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use valpero_domain::{Faults, Fields, check::CheckType};

    use super::*;

    fn check(of: CheckType, body: &Value) -> Check {
        let mut faults = Faults::default();
        let mut fields = Fields::of(body, "", &mut faults);
        Check::read_flat(of, &mut fields, true, &mut faults).unwrap_or_else(|| panic!("{body}: {faults:?}"))
    }

    #[test]
    fn a_key_that_may_only_look_says_nothing_to_a_target() {
        use CheckType::{Dns, Http, Ping, Ssl, Tcp};
        let url = "http://example.com/";
        for (of, body, silent) in [
            (Http, json!({"url": url}), true),
            (Http, json!({"url": url, "method": "HEAD", "keyword": {"contains": "x"}, "verify_tls": false}), true),
            (Http, json!({"url": url, "method": "DELETE"}), false),
            (Http, json!({"url": url, "method": "OPTIONS"}), false),
            (Http, json!({"url": url, "method": "POST", "body": "x"}), false),
            (Http, json!({"url": url, "headers": {"accept": "text/plain"}}), false),
            (Http, json!({"url": url, "basic_auth": {"username": "a", "password": "b"}}), false),
            (Tcp, json!({"host": "example.com", "port": 25, "expect": "220"}), true),
            (Tcp, json!({"host": "example.com", "port": 25, "send": "QUIT"}), false),
            (Ssl, json!({"host": "example.com"}), true),
            (Dns, json!({"name": "example.com", "resolver": "192.0.2.1"}), true),
            (Ping, json!({"host": "example.com"}), true),
        ] {
            let check = check(of, &body);
            assert_eq!(Reach::Look.permit(&check).is_ok(), silent, "{body}");
            assert!(Reach::Act.permit(&check).is_ok(), "{body}");
        }
    }
}
