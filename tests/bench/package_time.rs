//! The time of the package for JavaScript, which is no server: its functions are called in Node.

use std::{fs, path::Path, process::Command};

use serde::{Deserialize, Serialize};

use crate::{
    Result,
    figures::Spread,
    server::Stage,
    webhook::{self, LENGTHS},
};

/// What the package takes for one webhook of one length, in microseconds of CPU time.
#[derive(Debug, Serialize)]
pub(crate) struct PackageTime {
    /// The length of the body.
    pub(crate) bytes: usize,
    /// To verify and translate it.
    pub(crate) cpu_us: Spread,
}

/// The same as a line of JSON that the script prints: a number for each batch.
#[derive(Deserialize)]
struct Line {
    bytes: usize,
    cpu_us: Vec<f64>,
}

/// Measures the package in Node, where both are there.
pub(crate) fn measure(stage: &Stage<'_>) -> Result<Vec<PackageTime>> {
    let tools = stage.tools;
    let (Some(node), Some(package)) = (&tools.node, &tools.js) else { return Ok(Vec::new()) };
    eprintln!("the package for JavaScript");
    let (script, bodies) = (stage.work.join("package.mjs"), stage.work.join("bodies"));
    fs::write(&script, include_str!("package.mjs"))?;
    write_bodies(&bodies)?;
    let mut command: Command = stage.pinning.server(node);
    let output = command.arg(script).arg(fs::canonicalize(package)?).arg(bodies).output()?;
    if !output.status.success() {
        let log = String::from_utf8_lossy(&output.stderr);
        return Err(format!("the package for JavaScript: {}\n{log}", output.status).into());
    }
    parse(str::from_utf8(&output.stdout)?)
}

/// Writes a webhook of each length to a folder.
fn write_bodies(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    for bytes in LENGTHS {
        fs::write(folder.join(format!("{bytes}.json")), webhook::body(bytes)?)?;
    }
    Ok(())
}

fn parse(lines: &str) -> Result<Vec<PackageTime>> {
    lines
        .lines()
        .map(|line| {
            let Line { bytes, cpu_us } =
                serde_json::from_str(line).map_err(|error| format!("{error}: {line}"))?;
            let cpu_us = Spread::of(cpu_us).ok_or_else(|| format!("no times: {line}"))?;
            Ok(PackageTime { bytes, cpu_us })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_length_and_a_time_for_each_batch() {
        let line = r#"{"bytes": 300, "cpu_us": [3, 1.5, 2]}"#;
        let times = parse(&format!("{line}\n{line}\n")).unwrap();
        assert_eq!(times.len(), 2);
        assert_eq!((times[0].bytes, times[0].cpu_us.median), (300, 2.0));
        assert!(parse(r#"{"bytes": 300, "cpu_us": []}"#).is_err());
        assert!(parse("no JSON").is_err());
    }
}
