//! The floor: for each target one connection, one handshake, one request and the head of its answer, by hyper and rustls alone.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, stream};
use http_body_util::Empty;
use hyper::{Request, body::Bytes, header};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, NamedGroup, client::Resumption};
use rustls_pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::{Instant, sleep_until},
};
use tokio_rustls::TlsConnector;

use crate::{Failure, Targets, meter::Round};

/// As many at once as a checker has.
const IN_FLIGHT: usize = 700;

/// Asks for all at once, or for one after `every_us` microseconds.
pub(crate) async fn run(targets: &Targets, every_us: u64) -> Result<(), Failure> {
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    // As a checker: see `Tls::trusting`.
    provider.kx_groups.retain(|group| group.name() != NamedGroup::X25519MLKEM768);
    let provider = Arc::new(provider);
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(targets.roots()?)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    let connector = TlsConnector::from(Arc::new(config));
    for round in 0..=targets.rounds {
        let measured = Round::start();
        let mut due = Instant::now();
        let paced = stream::iter(0..targets.count).then(|place| {
            let turn = due;
            due += Duration::from_micros(every_us);
            async move {
                if every_us > 0 {
                    sleep_until(turn).await;
                }
                place
            }
        });
        let requests = paced.map(|place| one(targets, &connector, place));
        let statuses: Vec<Result<u16, Failure>> = requests.buffer_unordered(IN_FLIGHT).collect().await;
        if round > 0 {
            measured.end(targets.count, statuses.iter().filter(|status| matches!(status, Ok(200))).count());
        }
    }
    Ok(())
}

async fn one(targets: &Targets, connector: &TlsConnector, place: usize) -> Result<u16, Failure> {
    let host = Targets::host(place);
    let stream = TcpStream::connect((Targets::address(place), targets.port)).await?;
    stream.set_nodelay(true)?;
    if targets.scheme == "https" {
        let name = ServerName::try_from(host.clone())?;
        ask(connector.connect(name, stream).await?, &host).await
    } else {
        ask(stream, &host).await
    }
}

async fn ask(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, host: &str) -> Result<u16, Failure> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let request =
        Request::get("/").header(header::HOST, host).header(header::USER_AGENT, "floor").body(Empty::<Bytes>::new())?;
    let mut answer = std::pin::pin!(sender.send_request(request));
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        biased;
        answer = &mut answer => return Ok(answer?.status().as_u16()),
        // It ended as it should, and the answer is there.
        ended = &mut connection => ended?,
    }
    Ok(answer.await?.status().as_u16())
}
