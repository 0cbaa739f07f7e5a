//! The report, in Markdown for the README.

use std::fmt::Write as _;

use crate::{
    core_time::CoreTime,
    pinning::Pinning,
    results::Results,
    variant::Variant,
    webhook::{AIMED_LENGTH, LENGTHS},
};

/// The most that the filter should cost over Envoy alone at 1 KiB, in microseconds.
const AIM_OVER_BASELINE_US: f64 = 20.0;

/// The most that the module should weigh, in bytes.
const AIM_MODULE_BYTES: u64 = 160 * 1024;

/// The most that the core should take for 1 KiB, in microseconds.
const AIM_CORE_US: f64 = 3.0;

/// The whole report.
pub(crate) fn markdown(results: &Results) -> String {
    [machine(results), aims(results), cpu(results), memory(results), core(results)].join("\n")
}

fn machine(results: &Results) -> String {
    let machine = &results.machine;
    let host = &machine.host;
    let mut text = format!("{host}; Envoy {}", machine.envoy);
    if let Some(node) = &machine.node {
        text += &format!(", Node {node}");
    }
    text += &format!(". {} rounds, load average before {}; ", results.rounds(), host.load_before);
    text += match machine.pinning {
        Pinning::Pinned => "the server pinned to one core, the load to another.\n",
        Pinning::Unpinned => "**unpinned**: the figures say little.\n",
    };
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
    let compared = |other| {
        results.compared(Variant::BatonPause, other, AIMED_LENGTH, |own, other| own - other)
    };
    row(
        format!("1 KiB: at most {AIM_OVER_BASELINE_US} µs of CPU over Envoy alone"),
        compared(Variant::Baseline)
            .map(|over| (format!("{over:+.1} µs"), over.median <= AIM_OVER_BASELINE_US)),
    );
    row(
        "1 KiB: less CPU than Envoy with Lua".into(),
        compared(Variant::Lua).map(|over| (format!("{over:+.1} µs"), over.median < 0.0)),
    );
    row(format!("module: at most {AIM_MODULE_BYTES} bytes after wasm-opt"), Some(module(results)));
    let aimed = |core: &&CoreTime| core.bytes == AIMED_LENGTH;
    let core = results.core.iter().find(aimed).map(|core| core.body_us);
    row(
        format!("core, native: at most {AIM_CORE_US} µs to verify and translate 1 KiB"),
        core.map(|time| (format!("{time:.2} µs"), time.median <= AIM_CORE_US)),
    );
    text
}

fn module(results: &Results) -> (String, bool) {
    let module = &results.module;
    let measured = match module.optimised {
        Some(optimised) => format!("{} bytes, {optimised} after wasm-opt", module.given),
        None => format!("{} bytes, wasm-opt not run here", module.given),
    };
    (measured, module.loaded() <= AIM_MODULE_BYTES)
}

fn cpu(results: &Results) -> String {
    let mut text = String::from(
        "CPU time of the server per request in µs: median (least – most) of the rounds; over and \
         times Envoy alone are of the same round.\n\n\
         | body | server | CPU µs | over Envoy alone | times |\n|--:|---|--:|--:|--:|\n",
    );
    for bytes in LENGTHS {
        for variant in Variant::ALL {
            let compared = |compare: fn(f64, f64) -> f64| {
                results.compared(variant, Variant::Baseline, bytes, compare)
            };
            let (Some(cpu), Some(over), Some(times)) = (
                results.cpu_us(variant, bytes),
                compared(|own, baseline| own - baseline),
                compared(|own, baseline| own / baseline),
            ) else {
                continue;
            };
            let _ = write!(text, "| {} | {} | {cpu:.1} |", length(bytes), variant.label());
            let _ = if variant == Variant::Baseline {
                writeln!(text, " | 1 |")
            } else {
                writeln!(text, " {over:+.1} | {:.2} |", times.median)
            };
        }
    }
    text
}

fn memory(results: &Results) -> String {
    let mut text = String::from(
        "| server | resident MiB after 1 KiB bodies | after all bodies |\n|---|--:|--:|\n",
    );
    for variant in Variant::ALL {
        let (Some(warm), Some(end)) = (
            results.mebibytes(variant, |memory| memory.warm_kib),
            results.mebibytes(variant, |memory| memory.end_kib),
        ) else {
            continue;
        };
        let _ = writeln!(text, "| {} | {warm:.1} | {end:.1} |", variant.label());
    }
    text
}

fn core(results: &Results) -> String {
    let mut text = String::from(
        "The core alone, native, CPU µs per webhook: median (least – most) of the batches.\n\n\
         | body | verify and translate | verify |\n|--:|--:|--:|\n",
    );
    for core in &results.core {
        let CoreTime { bytes, body_us, verify_us } = core;
        let _ = writeln!(text, "| {} | {body_us:.2} | {verify_us:.2} |", length(*bytes));
    }
    text
}

fn length(bytes: usize) -> String {
    if bytes.is_multiple_of(1024) { format!("{} KiB", bytes / 1024) } else { format!("{bytes} B") }
}
