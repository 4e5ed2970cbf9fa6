//! A site that answers each request a given while after it came, and closes: what the truth of timings is held against.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::Instant,
};

use crate::Failure;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Serves until it is killed; prints its port first.
#[expect(clippy::print_stdout, reason = "for the process that started it")]
pub(crate) async fn run(wait_us: u64) -> Result<(), Failure> {
    let listener = listener()?;
    println!("{}", listener.local_addr()?.port());
    serve(listener, wait_us, Arc::default()).await
}

/// Serves in a thread of this process; answers the port. Where `hangs` is set, every tenth of the targets takes a request and says
/// nothing.
pub(crate) fn in_a_thread(wait_us: u64, hangs: Arc<AtomicBool>) -> Result<u16, Failure> {
    let (tell, port) = mpsc::channel();
    std::thread::spawn(move || -> Result<(), Failure> {
        tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
            let listener = listener()?;
            tell.send(listener.local_addr()?.port())?;
            serve(listener, wait_us, hangs).await
        })
    });
    Ok(port.recv()?)
}

async fn serve(listener: TcpListener, wait_us: u64, hangs: Arc<AtomicBool>) -> Result<(), Failure> {
    loop {
        let (mut stream, _) = listener.accept().await?;
        let hangs = Arc::clone(&hangs);
        tokio::spawn(async move {
            let mut request = [0; 2048];
            let Ok(length @ 1..) = stream.read(&mut request).await else { return };
            // Hosts are called t0, t1 and so on.
            if hangs.load(Ordering::Relaxed) && request[..length].windows(6).any(|bytes| bytes == b"0.site") {
                // Until the other side gives up.
                let _gone = stream.read(&mut request).await;
                return;
            }
            let due = Instant::now() + Duration::from_micros(wait_us);
            // At work: timers are good to a millisecond alone.
            while Instant::now() < due {
                tokio::task::yield_now().await;
            }
            // Who asked may be gone.
            let _gone = stream.write_all(ANSWER).await;
        });
    }
}

fn listener() -> std::io::Result<TcpListener> {
    let socket = tokio::net::TcpSocket::new_v4()?;
    socket.bind(([0, 0, 0, 0], 0).into())?;
    socket.listen(4_096)
}
