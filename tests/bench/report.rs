//! The report, in Markdown for the README.

use std::fmt::{Display, Write as _};

use crate::{
    core_time::CoreTime,
    figures::Spread,
    footprint::{Loaded, WORKERS},
    pinning::Pinning,
    results::Results,
    variant::Variant,
    webhook::{AIMED_LENGTH, LENGTHS},
};

/// The most that the filter should cost over Envoy alone at 1 KiB, in microseconds.
const AIM_OVER_BASELINE_US: f64 = 20.0;

/// The most that the module should weigh, in bytes.
const AIM_MODULE_BYTES: u64 = 160 * 1024;

/// The most that each worker should keep beyond what Envoy's wasm engine keeps, in MiB.
const AIM_WORKER_MIB: f64 = 2.0;

/// The most that the core should take for 1 KiB, in microseconds.
const AIM_CORE_US: f64 = 3.0;

/// What the table of alternatives does not show.
const ALTERNATIVES_NOTE: &str = "Each compares the HMAC of the whole body with one secret, and does \
    nothing else: none translates, tells tenants apart by path, or takes a second secret while one \
    is rotated. The time of ext_authz is Envoy's and the service's together. HAProxy's rules have \
    to refuse what does not fit into its buffer: it hashes only what does, and passes all of it.\n";

/// The whole report.
pub(crate) fn markdown(results: &Results) -> String {
    let parts = [
        machine(results),
        aims(results),
        hosts(results),
        alternatives(results),
        servers(results),
        footprint(results),
        memory(results),
    ];
    parts.join("\n")
}

fn machine(results: &Results) -> String {
    let machine = &results.machine;
    let host = &machine.host;
    let mut text = host.to_string();
    for (name, version) in &machine.programs {
        text += &format!("; {name} {version}");
    }
    text += &format!(". {} rounds, load average before {}; ", results.rounds(), host.load_before);
    text += match machine.pinning {
        Pinning::Pinned => "the server pinned to one core, the load to another.\n",
        Pinning::Unpinned => "**unpinned**: the figures say little.\n",
    };
    if !machine.missing.is_empty() {
        let _ = writeln!(text, "Not there, and not measured: {}.", machine.missing.join(", "));
    }
    let (all, idle) = (results.samples.len(), results.not_busy());
    if idle > 0 {
        let _ = writeln!(
            text,
            "In {idle} of {all} measurements the server was not busy all the time: other work \
             disturbed them, or the load was too slow."
        );
    }
    if !host.optimised {
        text += "**Built without optimisations**: the core's times say nothing.\n";
    }
    text
}

fn aims(results: &Results) -> String {
    let mut text = String::from("| aim | measured | |\n|---|---|---|\n");
    let mut row = |aim: String, measured: Option<(String, bool)>| {
        let (measured, met) = match measured {
            Some((measured, true)) => (measured, "met"),
            Some((measured, false)) => (measured, "missed"),
            None => ("–".into(), "not measured"),
        };
        let _ = writeln!(text, "| {aim} | {measured} | {met} |");
    };
    row(
        format!("1 KiB: at most {AIM_OVER_BASELINE_US} µs of CPU over Envoy alone"),
        results
            .over_baseline(Variant::BatonPause, AIMED_LENGTH)
            .map(|over| (format!("{over:+.1} µs"), over.median <= AIM_OVER_BASELINE_US)),
    );
    row(
        "1 KiB: less CPU than Envoy with Lua".into(),
        results
            .compared(Variant::BatonPause, Variant::Lua, AIMED_LENGTH, |own, lua| own - lua)
            .map(|over| (format!("{over:+.1} µs"), over.median < 0.0)),
    );
    let bytes = results.module.bytes;
    row(
        format!("module: at most {AIM_MODULE_BYTES} bytes"),
        Some((format!("{bytes} bytes"), bytes <= AIM_MODULE_BYTES)),
    );
    row(
        format!("at most {AIM_WORKER_MIB} MiB a worker beyond Envoy's own wasm engine"),
        results.baton_per_worker().zip(results.baton_once()).map(|(more, once)| {
            let measured = format!("{more:.1} MiB, and once, for all workers, {once:.1} MiB");
            (measured, more.median <= AIM_WORKER_MIB)
        }),
    );
    let aimed = |core: &&CoreTime| core.bytes == AIMED_LENGTH;
    let core = results.core.iter().find(aimed).map(|core| core.body_us);
    row(
        format!("core, native: at most {AIM_CORE_US} µs to verify and translate 1 KiB"),
        core.map(|time| (format!("{time:.2} µs"), time.median <= AIM_CORE_US)),
    );
    text
}

fn hosts(results: &Results) -> String {
    let mut text = String::from(
        "To verify and translate, on every host: CPU µs for each webhook, median (least – most). \
         What serves HTTP, over the same server without Baton.\n\n",
    );
    text += &head("host | over");
    let of_core = |value: fn(&CoreTime) -> Spread| {
        LENGTHS.map(|bytes| results.core.iter().find(|core| core.bytes == bytes).map(value))
    };
    text += &row("the core, native | –", of_core(|core| core.body_us));
    text += &row("of that, to verify | –", of_core(|core| core.verify_us));
    for variant in Variant::BATON {
        text += &over_baseline(results, variant);
    }
    let of_package = |bytes| {
        let time = results.package.iter().find(|time| time.bytes == bytes);
        time.map(|time| time.cpu_us)
    };
    text += &row("the package for JavaScript, called in Node | –", LENGTHS.map(of_package));
    text += "\nThe sidecar's own edge (`serve --edge in-process`) is not in it: it calls the core, \
             natively, and what it takes beside that is for storing the delivery, which no other \
             host does. The components have an example of their own, `instance_per_request`.\n";
    text
}

fn alternatives(results: &Results) -> String {
    let mut text = String::from("Envoy with Baton, beside what else could verify: the same.\n\n");
    text += &head("server | over");
    for variant in [Variant::BatonPause].into_iter().chain(Variant::ALTERNATIVES) {
        text += &over_baseline(results, variant);
    }
    text + "\n" + ALTERNATIVES_NOTE
}

fn servers(results: &Results) -> String {
    let mut text = String::from("CPU µs of the server for each request, as it is.\n\n");
    text += &head("server");
    for variant in Variant::ALL {
        text += &row(variant.label(), LENGTHS.map(|bytes| results.cpu_us(variant, bytes)));
    }
    text
}

fn over_baseline(results: &Results, variant: Variant) -> String {
    let baseline = variant.baseline().map_or("–", Variant::label);
    let name = format!("{} | {baseline}", variant.label());
    row(&name, LENGTHS.map(|bytes| results.over_baseline(variant, bytes)))
}

fn footprint(results: &Results) -> String {
    let [one, several] = WORKERS;
    let mut text = format!(
        "Resident MiB of Envoy after webhooks of 1 KiB.\n\n\
         | server | {one} worker | {several} workers | each worker more |\n|---|--:|--:|--:|\n",
    );
    for loaded in Loaded::ALL {
        let columns = [
            results.footprint(loaded, one),
            results.footprint(loaded, several),
            results.footprint_per_worker(loaded),
        ];
        text += &row(loaded.label(), columns);
    }
    text
}

fn memory(results: &Results) -> String {
    let mut text = String::from(
        "| server | resident MiB after 1 KiB bodies | after all bodies |\n|---|--:|--:|\n",
    );
    for variant in Variant::ALL {
        let columns = [
            results.mebibytes(variant, |memory| memory.warm_kib),
            results.mebibytes(variant, |memory| memory.end_kib),
        ];
        text += &row(variant.label(), columns);
    }
    text
}

/// The head of a table with a column for each length.
fn head(first: &str) -> String {
    let lengths = LENGTHS.map(length).join(" | ");
    let rules = "---|".repeat(first.split('|').count());
    format!("| {first} | {lengths} |\n|{rules}{}\n", "--:|".repeat(LENGTHS.len()))
}

/// A row; nothing, if there is nothing in it.
fn row<T: Display, const COLUMNS: usize>(name: &str, values: [Option<T>; COLUMNS]) -> String {
    if values.iter().all(Option::is_none) {
        return String::new();
    }
    let cell = |value: Option<T>| value.map_or_else(|| "–".into(), |value| format!("{value:.1}"));
    format!("| {name} | {} |\n", values.map(cell).join(" | "))
}

fn length(bytes: usize) -> String {
    if bytes.is_multiple_of(1024) { format!("{} KiB", bytes / 1024) } else { format!("{bytes} B") }
}
