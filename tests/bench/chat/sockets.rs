//! Many open sockets, and what each takes of memory.

use std::time::{Duration, Instant};

use super::{
    Home, Size,
    client::Session,
    crowd::{Crowd, Sight},
    home::Process,
};
use crate::{Result, memory};

/// What was found.
#[derive(Debug)]
pub(crate) struct Sockets {
    /// The resident memory of the process before there was any client.
    pub(crate) before_kib: u64,
    /// With all sessions made, and no socket yet.
    pub(crate) sessions_kib: u64,
    /// With all sockets open, and all heartbeats answered for a while.
    pub(crate) after_kib: u64,
    /// How long it took to make the sessions.
    pub(crate) made_in: Duration,
    /// How long it took to open the sockets.
    pub(crate) opened_in: Duration,
}

/// A process with clients.
pub(crate) struct House {
    /// The process.
    pub(crate) process: Process,
    /// The sessions of the clients.
    pub(crate) sessions: Vec<Session>,
    /// The clients, each on a session.
    pub(crate) crowd: Crowd,
}

/// Fills the house, and measures it.
pub(crate) async fn measure(home: &Home, size: &Size) -> Result<(Sockets, House)> {
    eprintln!("{} sockets", size.sockets);
    let process = home.start().await?;
    let before_kib = memory::resident_kib(&[process.id()])?;
    let start = Instant::now();
    let sessions = Session::make(home, size.sockets).await?;
    let made_in = start.elapsed();
    let sessions_kib = memory::resident_kib(&[process.id()])?;
    let start = Instant::now();
    let mut crowd = Crowd::open(home.chat, &sessions, 0, size.heartbeat).await?;
    let opened_in = start.elapsed();
    see_heartbeats(&mut crowd, size).await?;
    let after_kib = memory::resident_kib(&[process.id()])?;
    let sockets = Sockets { before_kib, sessions_kib, after_kib, made_in, opened_in };
    Ok((sockets, House { process, sessions, crowd }))
}

/// Lets each client have a heartbeat answered.
async fn see_heartbeats(crowd: &mut Crowd, size: &Size) -> Result<()> {
    let (start, mut answered) = (Instant::now(), 0);
    while answered < size.sockets || start.elapsed() < size.heartbeat {
        if matches!(crowd.next().await?, Sight::Heartbeat) {
            answered += 1;
        }
    }
    Ok(())
}
