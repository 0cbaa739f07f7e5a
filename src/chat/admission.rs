//! How much clients may ask for, and who may ask for more just now.

use std::{
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::HeaderMap,
    middleware::Next,
    response::Response,
};
use baton_process::Recurrence;

use crate::{
    Chat,
    client_address::{client_address, counted_as},
    http::discard_body,
    network::Network,
    places::{Place, Places},
    rate::RateLimiter,
    refusal::Refusal,
    sessions::Sessions,
};

/// How many addresses, or sessions, are counted for certain.
const MOST_COUNTED: usize = 50_000;

/// How many sockets an address may have at least, where nothing else is configured: a whole
/// office may be behind it.
const FEWEST_SOCKETS_PER_ADDRESS: usize = 500;

/// How much chat clients may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Whose word is taken for where a request comes from (`X-Forwarded-For`).
    pub trusted_proxies: Vec<Network>,
    /// How many access tokens and sessions an address may ask for in a minute, all together.
    pub requests_per_minute_per_address: NonZeroU32,
    /// How many frames the clients of a session may send in a minute.
    pub frames_per_minute_per_session: NonZeroU32,
    /// How many sockets may be open at a time; one more is opened and closed with 1013.
    pub most_sockets: usize,
    /// How many of them one address may have; without it an eighth of all, but at least 500.
    pub most_sockets_per_address: Option<usize>,
}

impl Default for Allowance {
    /// 120 requests, 300 frames and 10,000 sockets; proxies on the same host are trusted.
    fn default() -> Self {
        Self {
            trusted_proxies: ["127.0.0.0/8", "::1"]
                .into_iter()
                .filter_map(Network::parse)
                .collect(),
            requests_per_minute_per_address: per_minute(120),
            frames_per_minute_per_session: per_minute(300),
            most_sockets: 10_000,
            most_sockets_per_address: None,
        }
    }
}

const fn per_minute(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

/// Keeps clients to their allowance.
#[derive(Debug)]
pub struct Admission {
    trusted_proxies: Vec<Network>,
    addresses: Mutex<RateLimiter<IpAddr>>,
    sessions: Mutex<RateLimiter<String>>,
    sockets: Places<IpAddr>,
    /// That there is no place for one more.
    turned_away: Recurrence,
}

impl Admission {
    /// Keeps clients to this allowance.
    pub fn new(allowance: Allowance) -> Self {
        let Allowance { trusted_proxies, most_sockets, .. } = allowance;
        let addresses =
            RateLimiter::new(allowance.requests_per_minute_per_address, MOST_COUNTED).into();
        let sessions =
            RateLimiter::new(allowance.frames_per_minute_per_session, MOST_COUNTED).into();
        let share = allowance.most_sockets_per_address;
        let share = share.unwrap_or((most_sockets / 8).max(FEWEST_SOCKETS_PER_ADDRESS));
        let sockets = Places::new(most_sockets, share);
        let turned_away = Recurrence::default();
        Self { trusted_proxies, addresses, sessions, sockets, turned_away }
    }

    /// By which address a request is counted. One of a trusted proxy that names nobody is of the
    /// operator's own programs, and is not counted.
    pub(crate) fn counted_address(&self, peer: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
        client_address(peer, headers, &self.trusted_proxies).map(counted_as)
    }

    /// Counts a request.
    fn admit_request(
        &self,
        peer: IpAddr,
        headers: &HeaderMap,
        now: Instant,
    ) -> Result<(), Refusal> {
        let taken = self.count(self.counted_address(peer, headers), now);
        taken.map_err(|retry_after| Refusal::TooManyRequests { retry_after })
    }

    /// Counts a try to connect with a token that is not known to be good, by the same measure.
    pub(crate) fn admits(&self, address: Option<IpAddr>, now: Instant) -> bool {
        self.count(address, now).is_ok()
    }

    fn count(&self, address: Option<IpAddr>, now: Instant) -> Result<(), Duration> {
        let Some(address) = address else { return Ok(()) };
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner).take(&address, now)
    }

    /// Counts a frame of the session, and says whether it may be taken.
    pub(crate) fn admits_frame(&self, session_id: &String, now: Instant) -> bool {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.take(session_id, now).is_ok()
    }

    /// The place of one more socket, if there is one for this address; for none of them, one of
    /// all.
    pub(crate) fn socket_place(&self, address: Option<IpAddr>) -> Option<Place<IpAddr>> {
        let place = self.sockets.take(address).ok();
        if place.is_none()
            && let Some(times) = self.turned_away.happened(Instant::now())
        {
            tracing::warn!(
                times,
                "chat sockets are turned away: chat.most_sockets are open, or \
                 chat.most_sockets_per_address from one address"
            );
        }
        place
    }
}

/// Refuses a request of an address that asks too often. Without a known peer, as in front of a
/// server that does not tell it, nobody can be counted.
pub(crate) async fn keep_rate<S: Sessions>(
    State(chat): State<Arc<Chat<S>>>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    if let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>() {
        let admitted = chat.admission.admit_request(peer.ip(), request.headers(), Instant::now());
        if let Err(refusal) = admitted {
            discard_body(request, &chat.limits).await;
            return Err(refusal);
        }
    }
    Ok(next.run(request).await)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowance() -> Allowance {
        Allowance {
            trusted_proxies: vec![Network::parse("127.0.0.0/8").unwrap()],
            requests_per_minute_per_address: NonZeroU32::new(2).unwrap(),
            frames_per_minute_per_session: NonZeroU32::new(3).unwrap(),
            ..Allowance::default()
        }
    }

    fn admission() -> Admission {
        Admission::new(allowance())
    }

    /// How many of ten requests at once are admitted.
    fn admitted(admission: &Admission, peer: &str, forwarded: &str, now: Instant) -> usize {
        let mut headers = HeaderMap::new();
        if !forwarded.is_empty() {
            headers.insert("x-forwarded-for", forwarded.parse().unwrap());
        }
        let peer = peer.parse().unwrap();
        (0..10).filter(|_| admission.admit_request(peer, &headers, now).is_ok()).count()
    }

    #[test]
    fn each_address_is_counted_by_itself_and_one_of_the_house_not_at_all() {
        let (admission, now) = (admission(), Instant::now());
        assert_eq!(admitted(&admission, "127.0.0.1", "198.51.100.1", now), 2);
        assert_eq!(admitted(&admission, "127.0.0.1", "198.51.100.2", now), 2);
        assert_eq!(admitted(&admission, "198.51.100.1", "", now), 0);
        assert_eq!(admitted(&admission, "198.51.100.1", "198.51.100.9", now), 0);
        assert_eq!(admitted(&admission, "127.0.0.1", "", now), 10);
    }

    #[test]
    fn addresses_of_version_6_that_differ_in_their_second_half_are_one() {
        let (admission, now) = (admission(), Instant::now());
        assert_eq!(admitted(&admission, "2001:db8::1", "", now), 2);
        assert_eq!(admitted(&admission, "2001:db8::2", "", now), 0);
        assert_eq!(admitted(&admission, "2001:db8:0:1::1", "", now), 2);
    }

    #[test]
    fn each_session_has_its_own_share_of_frames() {
        let (admission, now) = (admission(), Instant::now());
        for session_id in ["a", "b"].map(str::to_owned) {
            let admitted = (0..10).filter(|_| admission.admits_frame(&session_id, now)).count();
            assert_eq!(admitted, 3);
        }
    }

    /// How many sockets an address may have, of so many for all.
    fn share(most_sockets: usize, most_sockets_per_address: Option<usize>) -> usize {
        let allowance = Allowance { most_sockets, most_sockets_per_address, ..allowance() };
        let (admission, address) = (Admission::new(allowance), IpAddr::from([198, 51, 100, 1]));
        let places = (0..).map_while(|_| admission.socket_place(Some(address)));
        places.collect::<Vec<_>>().len()
    }

    #[test]
    fn an_address_may_have_an_eighth_of_the_sockets_but_some_hundreds_or_what_is_configured() {
        assert_eq!(share(10_000, None), 1_250);
        assert_eq!(share(1_000, None), 500);
        assert_eq!(share(100, None), 100);
        assert_eq!(share(10_000, Some(7)), 7);
    }
}
