//! A site that answers each request a given while after it came, and closes: what the truth of timings is held against.

use std::{
    io::BufRead,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
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

/// Serves until it is killed; prints its port first. From the first line of its standard input on, every tenth of the targets takes
/// a request and says nothing.
#[expect(clippy::print_stdout, reason = "for the process that started it")]
pub(crate) async fn run(wait_us: u64) -> Result<(), Failure> {
    let listener = listener()?;
    println!("{}", listener.local_addr()?.port());
    let hangs = Arc::new(AtomicBool::new(false));
    let sign = Arc::clone(&hangs);
    std::thread::spawn(move || {
        let told = std::io::stdin().lock().read_line(&mut String::new());
        sign.store(told.is_ok_and(|length| length > 0), Ordering::Relaxed);
    });
    loop {
        let (mut stream, _) = listener.accept().await?;
        let hangs = Arc::clone(&hangs);
        tokio::spawn(async move {
            let mut request = [0; 2048];
            let Ok(length @ 1..) = stream.read(&mut request).await else { return };
            // Hosts are called t0.site.example, t1.site.example and so on.
            if hangs.load(Ordering::Relaxed) && request[..length].windows(7).any(|bytes| bytes == b"0.site.") {
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
