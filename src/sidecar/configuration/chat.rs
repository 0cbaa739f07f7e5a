//! How much chat clients may ask for.

use std::num::NonZeroU32;

use baton_chat::{Allowance, Network};

use super::ConfigurationProblem;
use crate::section::Section;

/// The most that a number of this section may be.
const MOST: u32 = 1_000_000;

/// Reads the keys of the section that say how much clients may ask for.
pub(super) fn allowance(section: &mut Section<'_>) -> Result<Allowance, ConfigurationProblem> {
    let default = Allowance::default();
    let mut number = |key| section.number(key, 1..=MOST);
    let requests = number("requests_per_minute_per_address")?.and_then(NonZeroU32::new);
    let frames = number("frames_per_minute_per_session")?.and_then(NonZeroU32::new);
    let sockets = number("most_sockets")?;
    let sockets_per_address = number("most_sockets_per_address")?;
    Ok(Allowance {
        trusted_proxies: trusted_proxies(section)?.unwrap_or(default.trusted_proxies),
        requests_per_minute_per_address: requests
            .unwrap_or(default.requests_per_minute_per_address),
        frames_per_minute_per_session: frames.unwrap_or(default.frames_per_minute_per_session),
        most_sockets: sockets.map_or(default.most_sockets, |sockets| sockets as usize),
        most_sockets_per_address: sockets_per_address.map(|sockets| sockets as usize),
    })
}

/// An empty list trusts nobody, other than a list that is not there.
fn trusted_proxies(
    section: &mut Section<'_>,
) -> Result<Option<Vec<Network>>, ConfigurationProblem> {
    let Some(texts) = section.optional_texts("trusted_proxies")? else { return Ok(None) };
    let network = |(name, text): (String, String)| {
        let problem = "has to be an IP address or a range of them, such as \"10.0.0.0/8\"";
        Network::parse(&text).ok_or_else(|| ConfigurationProblem::new(name, problem))
    };
    texts.into_iter().map(network).collect::<Result<_, _>>().map(Some)
}
