//! Happy Eyeballs (RFC 8305): connects to whichever address of a host answers first.

use std::{future::Future, io, net::SocketAddr, sync::Arc, time::Duration};

use futures::{StreamExt, stream::FuturesUnordered};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep_until},
};

/// How long an address is tried alone before the next one is tried beside it (RFC 8305, section 5).
const HEAD_START: Duration = Duration::from_millis(250);

/// Addresses of one host that are tried, at most.
pub(crate) const ADDRESSES_MAX: usize = 4;

/// The order in which addresses are tried: IPv4 and IPv6 in turns, IPv4 first, for a Lambda outside a VPC has no IPv6 route.
pub(crate) fn order(addresses: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let (v4, v6): (Vec<SocketAddr>, Vec<SocketAddr>) = addresses.partition(SocketAddr::is_ipv4);
    let turns = v4.len().max(v6.len());
    let ordered = (0..turns).flat_map(|turn| v4.get(turn).into_iter().chain(v6.get(turn)));
    ordered.copied().take(ADDRESSES_MAX).collect()
}

/// An address that was tried, or would have been.
#[derive(Debug)]
pub(crate) struct Tried {
    /// The address.
    pub address: SocketAddr,
    /// Why it failed; none where it was silent until the deadline.
    pub error: Option<io::Error>,
}

/// Opens a connection to each address in order: the next one when an earlier one has failed, or after [`HEAD_START`]. The first that
/// is open wins. An attempt beside another one takes a socket of `spare`; without one, each attempt is given up for the next.
///
/// # Errors
/// All addresses, in the same order, where none is open by the deadline.
pub(crate) async fn race<T, F: Future<Output = io::Result<T>>>(
    addresses: &[SocketAddr],
    deadline: Instant,
    spare: &Arc<Semaphore>,
    open: impl Fn(SocketAddr) -> F,
) -> Result<(SocketAddr, T), Vec<Tried>> {
    let mut tried: Vec<Tried> = addresses.iter().map(|address| Tried { address: *address, error: None }).collect();
    let mut waiting = 0..addresses.len();
    let mut racing = FuturesUnordered::new();
    let attempt = |place: usize, socket: Socket| {
        let opening = open(addresses[place]);
        async move { (place, socket, opening.await) }
    };
    racing.extend(waiting.next().map(|first| attempt(first, Socket::Own)));
    while !racing.is_empty() {
        let next = Next::plan(waiting.len(), deadline, spare);
        tokio::select! {
            Some((place, socket, opened)) = racing.next() => match opened {
                Ok(connection) => return Ok((addresses[place], connection)),
                Err(error) => {
                    tried[place].error = Some(error);
                    racing.extend(waiting.next().map(|next| attempt(next, socket)));
                }
            },
            () = sleep_until(next.at) => {
                if Instant::now() >= deadline {
                    break;
                }
                if matches!(next.socket, Socket::Own) {
                    racing.clear();
                }
                racing.extend(waiting.next().map(|place| attempt(place, next.socket)));
            }
        }
    }
    Err(tried)
}

/// Which socket an attempt uses.
#[derive(Debug)]
enum Socket {
    /// The one that every probe has.
    Own,
    /// One more; it is given back with the permit.
    Spare { _permit: OwnedSemaphorePermit },
}

/// When the next address is tried although nothing has failed, and with which socket.
struct Next {
    at: Instant,
    socket: Socket,
}

impl Next {
    fn plan(waiting: usize, deadline: Instant, spare: &Arc<Semaphore>) -> Self {
        let now = Instant::now();
        if waiting == 0 {
            return Self { at: deadline, socket: Socket::Own };
        }
        match Arc::clone(spare).try_acquire_owned() {
            Ok(permit) => Self { at: deadline.min(now + HEAD_START), socket: Socket::Spare { _permit: permit } },
            // No socket to spare: one address after the other, each with its share of the time that is left.
            Err(_) => {
                let shares = u32::try_from(waiting + 1).unwrap_or(u32::MAX);
                Self { at: now + deadline.saturating_duration_since(now) / shares, socket: Socket::Own }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::time::{sleep, timeout};

    use super::*;

    /// What an address does: after so many milliseconds it is open, or fails; or it stays silent.
    #[derive(Clone, Copy)]
    enum Does {
        Open(u64),
        Fail(u64),
        Hang,
    }
    use Does::{Fail, Hang, Open};

    /// The milliseconds after which each address was tried, in order, the most attempts at the same time, and the place of the address
    /// that won after so many milliseconds.
    #[derive(Debug, PartialEq)]
    struct Seen {
        tried_at: Vec<(usize, u128)>,
        at_once: usize,
        won: Option<(usize, u128)>,
    }

    async fn raced(does: &[Does], spare: usize, deadline_ms: u64) -> Seen {
        let addresses: Vec<SocketAddr> = (0..does.len()).map(|place| ([192, 0, 2, place as u8], 443).into()).collect();
        let place = |address: SocketAddr| addresses.iter().position(|known| *known == address).expect("one of them");
        let (tried_at, alive) = (Mutex::new(Vec::new()), Arc::new(()));
        let at_once = Mutex::new(0);
        let started = Instant::now();
        let permits = Arc::new(Semaphore::new(spare));
        let open = |address: SocketAddr| {
            let place = place(address);
            tried_at.lock().expect("unpoisoned").push((place, started.elapsed().as_millis()));
            let alive = Arc::clone(&alive);
            let mut most = at_once.lock().expect("unpoisoned");
            *most = (*most).max(Arc::strong_count(&alive) - 1);
            let does = does[place];
            async move {
                let _alive = alive;
                match does {
                    Open(ms) => sleep(Duration::from_millis(ms)).await,
                    Fail(ms) => {
                        sleep(Duration::from_millis(ms)).await;
                        return Err(io::Error::from(io::ErrorKind::ConnectionRefused));
                    }
                    Hang => std::future::pending().await,
                }
                Ok(())
            }
        };
        let ended = race(&addresses, started + Duration::from_millis(deadline_ms), &permits, open);
        let ended = timeout(Duration::from_millis(deadline_ms + 10), ended).await.expect("it ends by its deadline");
        let won = match ended {
            Ok((address, ())) => Some((place(address), started.elapsed().as_millis())),
            Err(tried) => {
                let failed: Vec<bool> = tried.iter().map(|tried| tried.error.is_some()).collect();
                let expected: Vec<bool> = does.iter().map(|does| matches!(does, Fail(_))).collect();
                assert_eq!(failed, expected, "who failed and who was silent");
                None
            }
        };
        assert_eq!(permits.available_permits(), spare, "each socket is given back");
        let at_once = *at_once.lock().expect("unpoisoned");
        Seen { tried_at: tried_at.into_inner().expect("unpoisoned"), at_once, won }
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_address_has_a_head_start_and_then_company() {
        let seen = raced(&[Hang, Hang, Hang, Hang], 3, 2_000).await;
        let tried_at = vec![(0, 0), (1, 250), (2, 500), (3, 750)];
        assert_eq!(seen, Seen { tried_at, at_once: 4, won: None });
    }

    #[tokio::test(start_paused = true)]
    async fn whichever_is_open_first_wins() {
        let both = vec![(0, 0), (1, 250)];
        for (does, tried_at, won) in [
            ([Open(100), Open(0)], vec![(0, 0)], (0, 100)),
            ([Open(400), Open(100)], both.clone(), (1, 350)),
            ([Open(300), Open(100)], both.clone(), (0, 300)),
            ([Hang, Open(0)], both, (1, 250)),
        ] {
            let at_once = tried_at.len();
            assert_eq!(raced(&does, 3, 2_000).await, Seen { tried_at, at_once, won: Some(won) });
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_makes_room_for_the_next_at_once() {
        let seen = raced(&[Fail(10), Fail(20), Open(5)], 0, 2_000).await;
        assert_eq!(seen, Seen { tried_at: vec![(0, 0), (1, 10), (2, 30)], at_once: 1, won: Some((2, 35)) });
        // The first one's failure starts the third; the second goes on.
        let seen = raced(&[Fail(300), Open(200), Hang], 1, 2_000).await;
        assert_eq!(seen, Seen { tried_at: vec![(0, 0), (1, 250), (2, 300)], at_once: 2, won: Some((1, 450)) });
        let seen = raced(&[Fail(10), Fail(10)], 3, 2_000).await;
        assert_eq!(seen, Seen { tried_at: vec![(0, 0), (1, 10)], at_once: 1, won: None });
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_socket_to_spare_each_has_its_share_of_the_time() {
        let seen = raced(&[Hang, Hang, Hang, Hang], 0, 2_000).await;
        let tried_at = vec![(0, 0), (1, 500), (2, 1_000), (3, 1_500)];
        assert_eq!(seen, Seen { tried_at, at_once: 1, won: None });
        let seen = raced(&[Hang, Hang, Open(100)], 1, 2_000).await;
        let tried_at = vec![(0, 0), (1, 250), (2, 1_125)];
        assert_eq!(seen, Seen { tried_at, at_once: 2, won: Some((2, 1_225)) });
    }
}
