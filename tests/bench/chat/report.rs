//! The report, in Markdown for the README.

use std::{fmt::Write as _, time::Duration};

use super::{Size, replay::Replay, restart::Restart, sockets::Sockets, stream::Stream};
use crate::{figures::Percentiles, host::Host};

/// The most of resident memory that a socket should take, in KiB.
const AIM_SOCKET_KIB: f64 = 20.0;

/// In what time 99 of 100 deliveries should be seen, beside what the disk takes.
const AIM_SEEN: Duration = Duration::from_millis(25);

/// How often the disk's own time may come on top: for the delivery, and for its event.
const SYNCS: u32 = 2;

/// In what time a process should be ready.
const AIM_READY: Duration = Duration::from_secs(2);

/// Everything that was found.
#[derive(Debug)]
pub(crate) struct Results {
    /// The machine.
    pub(crate) host: Host,
    /// Whether there was only little of everything.
    pub(crate) quick: bool,
    /// How much of everything there was.
    pub(crate) size: Size,
    /// Many sockets.
    pub(crate) sockets: Sockets,
    /// Restarts with many sessions.
    pub(crate) restarts: Vec<Restart>,
    /// Streams of deliveries.
    pub(crate) streams: Vec<Stream>,
    /// The replay of a long session.
    pub(crate) replay: Replay,
}

/// The whole report.
pub(crate) fn markdown(results: &Results) -> String {
    [machine(results), aims(results), deliveries(results), others(results)].join("\n")
}

fn machine(Results { host, quick, .. }: &Results) -> String {
    let load = &host.load_before;
    let mut text = format!("{host}. Sidecar and clients share it; load average before {load}.\n");
    if *quick {
        text += "**Quick**: the figures are worth nothing.\n";
    }
    if !host.optimised {
        text += "**The clients are built without optimisations**: the figures say little.\n";
    }
    text
}

fn aims(results: &Results) -> String {
    let Results { size, sockets, restarts, streams, .. } = results;
    let mut text = String::from("| aim | measured | |\n|---|---|---|\n");
    let mut row = |aim: String, measured: String, met: bool| {
        let _ = writeln!(text, "| {aim} | {measured} | {} |", if met { "met" } else { "missed" });
    };
    let each_kib = each_kib(size, sockets);
    row(
        format!(
            "{} open sockets: at most {AIM_SOCKET_KIB} KiB of resident memory for each, with its \
             session",
            size.sockets
        ),
        format!("{each_kib:.1} KiB"),
        each_kib <= AIM_SOCKET_KIB,
    );
    for stream in streams {
        let aim = AIM_SEEN + SYNCS * stream.sync.p99;
        row(
            format!(
                "{} deliveries a second, {}: seen in {} + {SYNCS} × {} of the disk = {} (p99)",
                size.rate,
                tenants(stream),
                milliseconds(AIM_SEEN),
                milliseconds(stream.sync.p99),
                milliseconds(aim),
            ),
            milliseconds(stream.seen.p99),
            stream.seen.p99 <= aim,
        );
    }
    for Restart { after, ready, .. } in restarts {
        row(
            format!(
                "restart after {} with {} open sessions: ready in {}",
                after.name(),
                size.sockets,
                milliseconds(AIM_READY)
            ),
            milliseconds(*ready),
            *ready <= AIM_READY,
        );
    }
    text
}

/// The resident memory for each socket in KiB.
fn each_kib(size: &Size, sockets: &Sockets) -> f64 {
    sockets.after_kib.saturating_sub(sockets.before_kib) as f64 / size.sockets as f64
}

fn tenants(stream: &Stream) -> String {
    match stream.tenants {
        1 => "one tenant".into(),
        several => format!("{several} tenants"),
    }
}

fn deliveries(Results { size, streams, .. }: &Results) -> String {
    let mut text = format!(
        "Deliveries to {} clients, from posted to answered 200 (stored) and to seen on the socket, \
         and the disk's own time to append and sync 16 KiB: p50 / p99 / most in ms. CPU time for \
         each in µs, of the sidecar and of the clients with their edge.\n\n\
         | | deliveries | stored | seen | disk | seen a second | repeated | sidecar | clients |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|--:|\n",
        size.recipients
    );
    for stream in streams {
        let Stream { deliveries, stored, seen, sync, .. } = stream;
        let _ = writeln!(
            text,
            "| {} | {deliveries} | {} | {} | {} | {:.0} | {} | {:.0} | {:.0} |",
            tenants(stream),
            spread(stored),
            spread(seen),
            spread(sync),
            stream.each_second,
            stream.repeated,
            stream.cpu_us,
            stream.load_us,
        );
    }
    text
}

fn others(Results { size, sockets, restarts, replay, .. }: &Results) -> String {
    let mut text = String::from("| | |\n|---|---|\n");
    let mut row = |what: String, measured: String| {
        let _ = writeln!(text, "| {what} | {measured} |");
    };
    let Sockets { before_kib, sessions_kib, after_kib, made_in, opened_in } = sockets;
    row(
        format!("resident memory: alone, with {} sessions made, with sockets", size.sockets),
        [before_kib, sessions_kib, after_kib].map(|kib| mebibytes(*kib)).join(", "),
    );
    row("time to make the sessions".into(), milliseconds(*made_in));
    row("time to open the sockets".into(), milliseconds(*opened_in));
    for Restart { after, all_back, .. } in restarts {
        let name = after.name();
        row(format!("restart after {name}: all clients back after"), milliseconds(*all_back));
    }
    let Replay { written_in, took, batches, before_kib, peak_kib } = replay;
    row(
        format!("replay of a session with {} events", size.events),
        format!("{}, in {batches} batches", milliseconds(*took)),
    );
    row(
        "peak of resident memory meanwhile, over what it was before".into(),
        format!(
            "{} over {}",
            mebibytes(peak_kib.saturating_sub(*before_kib)),
            mebibytes(*before_kib)
        ),
    );
    row(
        "time to write that session, one delivery for each event".into(),
        milliseconds(*written_in),
    );
    text
}

fn mebibytes(kib: u64) -> String {
    format!("{:.1} MiB", kib as f64 / 1024.0)
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1e3)
}

fn spread(Percentiles { p50, p99, most }: &Percentiles) -> String {
    [p50, p99, most].map(|time| format!("{:.1}", time.as_secs_f64() * 1e3)).join(" / ")
}
