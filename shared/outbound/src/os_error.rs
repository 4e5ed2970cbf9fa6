//! What errors of the operating system say about this machine.

use std::{error::Error, io};

use rustix::io::Errno;

/// Whether no socket could be opened because the process is out of handles, ports or memory.
pub(crate) fn out_of_sockets(error: &io::Error) -> bool {
    let errno = Errno::from_io_error(error);
    matches!(errno, Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM))
        || error.kind() == io::ErrorKind::AddrInUse
}

/// Whether this machine may have no address of this family, or no route.
pub(crate) fn lacks_route(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AddrNotAvailable | io::ErrorKind::NetworkUnreachable)
        || Errno::from_io_error(error) == Some(Errno::AFNOSUPPORT)
}

/// The operating system's own error: this one, or one inside it.
pub(crate) fn below<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a io::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        let io = error.downcast_ref::<io::Error>();
        match io {
            Some(io) if io.raw_os_error().is_some() => return Some(io),
            // An `io::Error` does not name the error that it wraps as its source.
            Some(io) => next = io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
            None => next = error.source(),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(errno: Errno) -> io::Error {
        io::Error::from_raw_os_error(errno.raw_os_error())
    }

    #[test]
    fn want_of_handles_and_want_of_a_route_are_told_apart() {
        for errno in [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM, Errno::ADDRINUSE] {
            assert!(out_of_sockets(&error(errno)) && !lacks_route(&error(errno)), "{errno:?}");
        }
        for errno in [Errno::AFNOSUPPORT, Errno::ADDRNOTAVAIL, Errno::NETUNREACH] {
            assert!(lacks_route(&error(errno)) && !out_of_sockets(&error(errno)), "{errno:?}");
        }
        for errno in [Errno::CONNREFUSED, Errno::HOSTUNREACH, Errno::TIMEDOUT] {
            assert!(!lacks_route(&error(errno)) && !out_of_sockets(&error(errno)), "{errno:?}");
        }
    }

    #[test]
    fn an_error_is_found_below_others() {
        let wrapped = io::Error::other(io::Error::other(error(Errno::MFILE)));
        assert!(below(&wrapped).is_some_and(out_of_sockets));
        assert!(below(&std::fmt::Error).is_none());
    }
}
