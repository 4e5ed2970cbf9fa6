//! Who is at fault when a DNS question gets no answer: our resolver, or the name's own servers.
//!
//! A resolver that asks dead servers stays silent itself, often for longer than a check may take. So it is asked a second, control
//! question at the same time, which a healthy resolver answers at once.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, sleep_until, timeout_at};
use valpero_domain::probe::{Cause, ErrorCode};

use crate::Resolve;

/// Silence after which the control question is asked.
const CONTROL_AFTER: Duration = Duration::from_secs(1);

/// How long a name must have been asked for before silence says anything about its servers.
const PATIENCE: Duration = Duration::from_secs(2);

/// The answer to a question that our own resolver was asked about a name of this host, or why there is none.
///
/// # Errors
/// That of the question; without an answer by the deadline, `dns_unanswered` if the resolver is healthy, else `dns_timeout`.
pub(crate) async fn listen<T>(
    resolver: &dyn Resolve,
    host: &str,
    question: impl Future<Output = Result<T, Cause>>,
    deadline: Instant,
) -> Result<T, Cause> {
    let asked = Instant::now();
    let control = async {
        sleep_until(asked + CONTROL_AFTER).await;
        resolver.is_well().await
    };
    tokio::pin!(question, control);
    let mut well = None;
    let early = loop {
        tokio::select! {
            answer = &mut question => match answer {
                Err(cause) if cause.code == ErrorCode::DnsTimeout => break true,
                answer => return answer,
            },
            told = &mut control, if well.is_none() => well = Some(told),
            () = sleep_until(deadline) => break false,
        }
    };
    let patient = asked.elapsed() >= PATIENCE;
    if early && patient && well.is_none() {
        well = timeout_at(deadline, control).await.ok();
    }
    if patient && well == Some(true) {
        let detail = format!("The name servers of {host} did not answer in time; our DNS resolver answers otherwise.");
        return Err(Cause::seen(ErrorCode::DnsUnanswered, detail));
    }
    Err(Cause::of(ErrorCode::DnsTimeout))
}

#[cfg(test)]
mod tests {
    use std::{
        future::{pending, ready},
        net::{IpAddr, SocketAddr},
        sync::atomic::{AtomicUsize, Ordering},
    };

    use futures::{FutureExt, future::BoxFuture};
    use tokio::time::sleep;
    use valpero_domain::{dns_check::RecordType, dns_name::DnsName};

    use super::*;
    use crate::DnsAnswers;

    /// A resolver that is well, or not, or does not say; and how often it was asked that.
    struct Control(Option<bool>, AtomicUsize);

    impl Resolve for Control {
        fn resolve<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, Cause>> {
            pending().boxed()
        }

        fn records<'a>(
            &'a self,
            _: &'a DnsName,
            _: RecordType,
            _: &'a [SocketAddr],
        ) -> BoxFuture<'a, Result<DnsAnswers, Cause>> {
            pending().boxed()
        }

        fn is_well(&self) -> BoxFuture<'_, bool> {
            self.1.fetch_add(1, Ordering::SeqCst);
            self.0.map_or_else(|| pending().boxed(), |well| ready(well).boxed())
        }
    }

    async fn heard(
        control: &Control,
        question: impl Future<Output = Result<u8, Cause>>,
        seconds: u64,
    ) -> Result<u8, ErrorCode> {
        let deadline = Instant::now() + Duration::from_secs(seconds);
        listen(control, "dead.example", question, deadline).await.map_err(|cause| cause.code)
    }

    fn control(well: Option<bool>) -> Control {
        Control(well, AtomicUsize::new(0))
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_the_zones_where_the_resolver_answers_otherwise() {
        for (well, seconds, code) in [
            (Some(true), 10, ErrorCode::DnsUnanswered),
            (Some(false), 10, ErrorCode::DnsTimeout),
            (None, 10, ErrorCode::DnsTimeout),
            // A second of silence is no proof yet.
            (Some(true), 1, ErrorCode::DnsTimeout),
        ] {
            assert_eq!(heard(&control(well), pending(), seconds).await, Err(code), "{well:?} {seconds}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_resolver_that_gives_up_before_the_deadline_says_the_same() {
        for (well, code) in [(Some(true), ErrorCode::DnsUnanswered), (Some(false), ErrorCode::DnsTimeout)] {
            let gives_up = async {
                sleep(Duration::from_secs(4)).await;
                Err(Cause::of(ErrorCode::DnsTimeout))
            };
            assert_eq!(heard(&control(well), gives_up, 10).await, Err(code), "{well:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_an_answer_and_one_that_comes_soon_costs_no_second_question() {
        let quick = control(Some(true));
        assert_eq!(heard(&quick, ready(Ok(1)), 10).await, Ok(1));
        assert_eq!(heard(&quick, ready(Err(Cause::of(ErrorCode::DnsServfail))), 10).await, Err(ErrorCode::DnsServfail));
        assert_eq!(heard(&quick, ready(Err(Cause::of(ErrorCode::DnsTimeout))), 10).await, Err(ErrorCode::DnsTimeout));
        assert_eq!(quick.1.load(Ordering::SeqCst), 0);
        let late = async {
            sleep(Duration::from_secs(5)).await;
            Ok(2)
        };
        assert_eq!(heard(&control(Some(true)), late, 10).await, Ok(2));
    }
}
