//! Lanes: one region's checker each, in a thread of its own, which stops before every request to the store until it may go on. So a
//! test says in which order the steps of several regions happen.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Duration,
};

use aws_sdk_dynamodb::{
    config::{ConfigBag, Intercept, RuntimeComponents, interceptors::BeforeTransmitInterceptorContextRef},
    error::BoxError,
};
use futures::future::BoxFuture;
use rustls::RootCertStore;
use serde_json::Value;
use valpero::{embedded, stack::STACK};
use valpero_checker::Checker;
use valpero_domain::{
    RegionCode,
    dns_check::RecordType,
    dns_name::DnsName,
    probe::{Cause, ErrorCode},
};
use valpero_outbound::{DnsAnswers, Guard, Outbound, Resolve, Tls};
use valpero_runtime::App;
use valpero_storage::{Store, Tables};

use super::World;

/// The record that a sound name has, for a dns check.
pub const RECORD: &str = "203.0.113.7";

/// Where a lane is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// Before a request to the store.
    Request,
    /// It has done its check; whether that came to its end.
    End(bool),
}

/// One region's checker.
pub struct Lane {
    checks: Sender<(Value, bool)>,
    go: Sender<bool>,
    at: Receiver<At>,
}

impl Lane {
    /// The lane of this region in a world.
    pub fn start(world: &World, region: RegionCode) -> Self {
        let (checks, todo) = channel::<(Value, bool)>();
        let (go, may_go) = channel();
        let (tell, at) = channel();
        let (app, address) = (world.stack.app.clone(), world.store_address());
        let gate = Gate { at: Mutex::new(tell.clone()), go: Mutex::new(may_go), gone: Arc::default() };
        thread::spawn(move || {
            let gone = Arc::clone(&gate.gone);
            let sound = Arc::new(AtomicBool::new(true));
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            let checker = checker(app, region, address, gate, Arc::clone(&sound));
            for (event, found) in todo {
                gone.store(false, Ordering::SeqCst);
                sound.store(found, Ordering::SeqCst);
                let done = runtime.block_on(checker.handle(&event)).is_ok();
                if tell.send(At::End(done)).is_err() {
                    return;
                }
            }
        });
        Self { checks, go, at }
    }

    /// Begins the check of this event, which finds the target up or not; answers where it stops first.
    pub fn begin(&self, event: Value, found: bool) -> At {
        self.checks.send((event, found)).expect("a lane");
        self.at.recv().expect("a lane")
    }

    /// Goes on with one request, or ends the process instead; answers where it stops next.
    pub fn go_on(&self, lives: bool) -> At {
        self.go.send(lives).expect("a lane");
        self.at.recv().expect("a lane")
    }
}

fn checker(app: App, region: RegionCode, address: SocketAddr, gate: Gate, sound: Arc<AtomicBool>) -> Checker {
    let config = embedded::config(&format!("http://{address}")).interceptor(gate);
    let store = Store::new(aws_sdk_dynamodb::Client::from_conf(config.build()), Tables::of_stack(STACK));
    let tls = Tls::trusting(RootCertStore::empty()).expect("TLS");
    let outbound = Outbound::new(Guard::public_only(), Arc::new(Name(sound)), tls);
    Checker::new(App { store, ..app }, region, outbound, [Duration::ZERO; 3])
}

/// A name that has its record, or does not exist.
struct Name(Arc<AtomicBool>);

impl Resolve for Name {
    fn resolve<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, Cause>> {
        Box::pin(async { Err(Cause::of(ErrorCode::DnsNxdomain)) })
    }

    fn records<'a>(
        &'a self,
        _: &'a DnsName,
        _: RecordType,
        _: &'a [SocketAddr],
    ) -> BoxFuture<'a, Result<DnsAnswers, Cause>> {
        let sound = self.0.load(Ordering::SeqCst);
        Box::pin(async move {
            let answers = || DnsAnswers { records: vec![RECORD.into()], cnames: Vec::new(), ttl_s: 60 };
            if sound { Ok(answers()) } else { Err(Cause::of(ErrorCode::DnsNxdomain)) }
        })
    }
}

/// Stops the thread before each request.
#[derive(Debug)]
struct Gate {
    at: Mutex<Sender<At>>,
    go: Mutex<Receiver<bool>>,
    gone: Arc<AtomicBool>,
}

impl Intercept for Gate {
    fn name(&self) -> &'static str {
        "Gate"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let lives = !self.gone.load(Ordering::SeqCst) && {
            self.at.lock().expect("unpoisoned").send(At::Request)?;
            self.go.lock().expect("unpoisoned").recv()?
        };
        if lives {
            return Ok(());
        }
        // A process that is gone asks for nothing more.
        self.gone.store(true, Ordering::SeqCst);
        Err("the process is gone".into())
    }
}
