//! Keeps what is in the memory of a process to itself.

use std::io;

/// Keeps the memory and the environment of this process, in which there are secrets, from other
/// processes of its user and out of core dumps: on Linux it is not dumpable (prctl(2),
/// `PR_SET_DUMPABLE`), and nowhere does it leave a core file.
///
/// # Errors
///
/// What the system says, where it does not allow that.
pub fn keep_memory_private() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    }
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::process::{DumpableBehavior, Resource, dumpable_behavior, getrlimit};

    use super::*;

    #[test]
    fn invariant_10_no_core_is_dumped_and_no_other_process_looks_in() {
        keep_memory_private().unwrap();
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
        assert_eq!(getrlimit(Resource::Core).current, Some(0));
    }
}
