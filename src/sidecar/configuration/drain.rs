//! How the process stops.

use std::time::Duration;

use super::ConfigurationProblem;
use crate::section::Section;

/// How long stopping may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drain {
    /// In all, from the signal to the end.
    pub most: Duration,
    /// How much of it goes by, before anything is stopped, while the process says that it is not
    /// ready, and serves all the same: until whoever sends it traffic has noticed.
    pub settle: Duration,
}

impl Default for Drain {
    /// Done before a process is usually killed, ten seconds after it was told to stop.
    fn default() -> Self {
        Self { most: Duration::from_secs(8), settle: Duration::ZERO }
    }
}

impl Drain {
    /// What is left to close the store in, when everything else has used up its time.
    pub(crate) fn reserve(self) -> Duration {
        (self.most.saturating_sub(self.settle) / 4).min(Duration::from_secs(2))
    }
}

/// Reads `[drain]`.
pub(super) fn read(mut section: Section<'_>) -> Result<Drain, ConfigurationProblem> {
    let Drain { most, settle } = Drain::default();
    let duration = |seconds: Option<u32>, default: Duration| {
        seconds.map_or(default, |seconds| Duration::from_secs(seconds.into()))
    };
    let most = duration(section.number("seconds", 1..=3600)?, most);
    let settle = duration(section.number("settle_seconds", 0..=3599)?, settle);
    if settle >= most {
        let name = section.name("settle_seconds");
        let problem = "leaves nothing of drain.seconds to finish in; make it shorter";
        return Err(ConfigurationProblem::new(name, problem));
    }
    section.finish()?;
    Ok(Drain { most, settle })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Drain, String> {
        let environment = |_: &str| None;
        read(Section::document(text, &environment).unwrap()).map_err(|problem| problem.to_string())
    }

    #[test]
    fn settling_is_a_part_of_the_whole_and_leaves_some_of_it() {
        assert_eq!(parse(""), Ok(Drain::default()));
        let seconds = Duration::from_secs;
        let drain = parse("seconds = 30\nsettle_seconds = 10").unwrap();
        assert_eq!(drain, Drain { most: seconds(30), settle: seconds(10) });
        assert_eq!(drain.reserve(), seconds(2));
        let problem = parse("settle_seconds = 8").unwrap_err();
        assert!(problem.contains("settle_seconds leaves nothing"), "{problem}");
    }
}
