//! File handles: as many as the system grants, divided among the regions of this process.

/// Sockets that a region's probes hold at most, as on AWS.
const SOCKETS_MAX: u64 = 700;

/// And at least, however few handles there are: fewer would check nobody in time.
const SOCKETS_MIN: u64 = 16;

/// Handles for all but the regions' probes: 200 for addresses that race each other, 64 for the tools, the rest for the API's clients,
/// for the webhooks, and for both ends of the connections to the store.
const RESERVED: u64 = 800;

/// With fewer sockets than this a region with many targets that hang does not get round within a minute.
const SOCKETS_ENOUGH: u64 = 250;

/// Raises the limit of this process to what the system grants it, and answers it. Where there is none, or nobody knows it, it is
/// more than enough.
pub(crate) fn raise() -> u64 {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let before = getrlimit(Resource::Nofile);
        let raised = Rlimit { current: before.maximum, maximum: before.maximum };
        // A system that grants less than it says keeps what it was.
        let _kept = setrlimit(Resource::Nofile, raised);
        getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
    }
    #[cfg(not(unix))]
    u64::MAX
}

/// The sockets of each of so many regions.
pub(crate) fn sockets_per_region(handles: u64, regions: usize) -> usize {
    let regions = u64::try_from(regions.max(1)).unwrap_or(u64::MAX);
    let each = (handles.saturating_sub(RESERVED) / regions).clamp(SOCKETS_MIN, SOCKETS_MAX);
    usize::try_from(each).unwrap_or(usize::MAX)
}

/// What to say where that is little.
pub(crate) fn warning(handles: u64, regions: usize) -> Option<String> {
    let each = sockets_per_region(handles, regions);
    let wanted = RESERVED + SOCKETS_MAX * u64::try_from(regions).unwrap_or(1);
    (u64::try_from(each).ok()? < SOCKETS_ENOUGH).then(|| {
        format!(
            "This process may have {handles} files and sockets open, so each region probes {each} targets at once; where many \
             hang, checks come late. `ulimit -n {wanted}`, or your service manager's setting of that kind, is enough."
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_regions_share_what_there_is_and_leave_room_for_the_rest() {
        for (handles, regions, each, told) in [
            (1_024, 3, 74, true),
            (256, 3, 16, true),
            (4_096, 3, 700, false),
            (4_096, 13, 253, false),
            (u64::MAX, 1, 700, false),
            (u64::MAX, 0, 700, false),
        ] {
            assert_eq!(sockets_per_region(handles, regions), each, "{handles} for {regions}");
            assert_eq!(warning(handles, regions).is_some(), told, "{handles} for {regions}");
        }
        assert!(warning(1_024, 3).is_some_and(|text| text.contains("ulimit -n 2900")));
    }

    #[cfg(unix)]
    #[test]
    fn the_soft_limit_is_raised_to_the_hard_one() {
        use rustix::process::{Resource, getrlimit};
        let granted = raise();
        let limits = getrlimit(Resource::Nofile);
        assert_eq!((limits.current, granted), (limits.maximum, limits.maximum.unwrap_or(u64::MAX)));
    }
}
