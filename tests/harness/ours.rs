//! A name server of ours, which a test lets fail.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
};

use futures::future::BoxFuture;
use valpero_domain::{
    dns_check::RecordType,
    dns_name::DnsName,
    probe::{Cause, ErrorCode},
};
use valpero_outbound::{DnsAnswers, Resolve};

/// What the name server does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum NameServer {
    /// It says that every name is this machine.
    #[default]
    Sound,
    /// It does not answer.
    Silent,
    /// It says that there is no such name, once, and does not answer after that.
    FailingOnce,
    /// Our own code that asks it panics.
    Panicking,
}

/// The name server that all of a world's functions ask.
#[derive(Clone, Default)]
pub struct Ours(Arc<Mutex<NameServer>>);

impl Ours {
    /// From now on it does this.
    pub fn is(&self, state: NameServer) {
        *self.0.lock().expect("unpoisoned") = state;
    }
}

impl Resolve for Ours {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, Cause>> {
        Box::pin(async move {
            let state = *self.0.lock().expect("unpoisoned");
            match state {
                NameServer::Sound => Ok(vec![IpAddr::from([127, 0, 0, 1])]),
                NameServer::Silent => Err(Cause::of(ErrorCode::DnsTimeout)),
                NameServer::FailingOnce => {
                    self.is(NameServer::Silent);
                    Err(Cause::of(ErrorCode::DnsNxdomain))
                }
                NameServer::Panicking => panic!("no such {host}"),
            }
        })
    }

    fn records<'a>(
        &'a self,
        _: &'a DnsName,
        _: RecordType,
        _: &'a [SocketAddr],
    ) -> BoxFuture<'a, Result<DnsAnswers, Cause>> {
        Box::pin(async { Err(Cause::of(ErrorCode::DnsTimeout)) })
    }
}
