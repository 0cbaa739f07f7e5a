//! What a sidecar carries: `baton serve` as a process of its own, with many chat clients on
//! sockets and an edge that delivers, all on this machine.
//!
//! `sockets`, `restart`, `stream` and `replay` each measure one thing; `report` says what is
//! printed, and which figures are aimed at. The restart goes on with the sessions of the sockets;
//! the others have a store of their own.

mod arguments;
mod client;
mod crowd;
mod descriptors;
mod disk;
mod edge;
mod home;
mod poster;
mod replay;
mod report;
mod restart;
mod size;
mod sockets;
mod stream;
mod tenant;

use crate::{Result, host::Host};

pub(crate) use self::arguments::Arguments;
use self::{home::Home, report::Results, size::Size};

/// Of how many tenants the deliveries are in turn.
const TENANTS: [usize; 2] = [1, 50];

/// Measures everything, and prints it.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let host = Host::read()?;
    let size = arguments.size();
    descriptors::allow(size.sockets)?;
    // One thread is enough for the clients, and leaves the sidecar as much as there is.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let results = runtime.block_on(measure(arguments, host, size))?;
    print!("{}", report::markdown(&results));
    Ok(())
}

async fn measure(arguments: &Arguments, host: Host, size: Size) -> Result<Results> {
    let home = Home::new(arguments, &size, 1)?;
    let (sockets, house) = sockets::measure(&home, &size).await?;
    let restarts = restart::measure(&home, &size, house).await?;
    drop(home);
    let mut streams = Vec::new();
    for tenants in TENANTS {
        let home = Home::new(arguments, &size, tenants)?;
        streams.push(stream::measure(&home, &size).await?);
    }
    let replay = replay::measure(&Home::new(arguments, &size, 1)?, &size).await?;
    Ok(Results { host, quick: arguments.quick, size, sockets, restarts, streams, replay })
}
