//! A site that answers each request a given while after it came, and closes: what the truth of timings is held against.

use std::{
    io::BufRead,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use clap::Args;
use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    time::{Instant, sleep_until},
};
use tokio_rustls::TlsAcceptor;

use crate::Failure;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Timers are good to a millisecond alone: so long before an answer is due, the site waits for it at work.
const AT_WORK: Duration = Duration::from_millis(2);

/// What the site is like.
#[derive(Debug, Args)]
pub(crate) struct Site {
    /// How long after its request an answer comes, in microseconds.
    #[arg(long, default_value_t = 1_000)]
    wait_us: u64,
    /// Speak TLS with this chain (PEM).
    #[arg(long, requires = "key")]
    chain: Option<PathBuf>,
    /// The key of the chain's first certificate (PEM).
    #[arg(long)]
    key: Option<PathBuf>,
}

impl Site {
    fn tls(&self) -> Result<Option<TlsAcceptor>, Failure> {
        let (Some(chain), Some(key)) = (&self.chain, &self.key) else { return Ok(None) };
        let chain = CertificateDer::pem_file_iter(chain)?.collect::<Result<Vec<_>, _>>()?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, PrivateKeyDer::from_pem_file(key)?)?;
        // Nobody resumes a session, so that no time goes into tickets.
        config.send_tls13_tickets = 0;
        Ok(Some(TlsAcceptor::from(Arc::new(config))))
    }
}

/// Serves until it is killed; prints its port first. From the first line of its standard input on, every tenth of the targets takes
/// a request and says nothing.
#[expect(clippy::print_stdout, reason = "for the process that started it")]
pub(crate) async fn run(site: &Site) -> Result<(), Failure> {
    let (listener, tls, wait) = (listener()?, site.tls()?, Duration::from_micros(site.wait_us));
    println!("{}", listener.local_addr()?.port());
    let hangs = Arc::new(AtomicBool::new(false));
    let sign = Arc::clone(&hangs);
    std::thread::spawn(move || {
        let told = std::io::stdin().lock().read_line(&mut String::new());
        sign.store(told.is_ok_and(|length| length > 0), Ordering::Relaxed);
    });
    loop {
        let (stream, _) = listener.accept().await?;
        // Without this, an answer may wait for the other side's acknowledgement of the handshake.
        stream.set_nodelay(true)?;
        let (hangs, tls) = (Arc::clone(&hangs), tls.clone());
        tokio::spawn(async move {
            let Some(tls) = tls else { return serve(stream, wait, &hangs).await };
            // Where the handshake fails, who asked sees it fail too, and counts it.
            if let Ok(stream) = tls.accept(stream).await {
                serve(stream, wait, &hangs).await;
            }
        });
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, wait: Duration, hangs: &AtomicBool) {
    let mut request = [0; 2048];
    let Ok(length @ 1..) = stream.read(&mut request).await else { return };
    let due = Instant::now() + wait;
    // Hosts are called t0.site.example, t1.site.example and so on.
    if hangs.load(Ordering::Relaxed) && request[..length].windows(7).any(|bytes| bytes == b"0.site.") {
        // Until the other side gives up.
        let _gone = stream.read(&mut request).await;
        return;
    }
    if wait > AT_WORK {
        sleep_until(due - AT_WORK).await;
    }
    while Instant::now() < due {
        tokio::task::yield_now().await;
    }
    // Who asked may be gone.
    let _gone = stream.write_all(ANSWER).await;
    let _gone = stream.shutdown().await;
}

fn listener() -> std::io::Result<TcpListener> {
    let socket = tokio::net::TcpSocket::new_v4()?;
    socket.bind(([0, 0, 0, 0], 0).into())?;
    socket.listen(4_096)
}
