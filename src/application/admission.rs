//! How much applications may ask for, and whose may ask for more just now.

use std::{
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use axum::http::StatusCode;
use baton_chat::{NoPlace, Place, Places, RateLimiter};
use baton_core::tenant::TenantKey;
use baton_problem::Problem;

/// How many tenants are counted for certain: more than a configuration holds.
const MOST_COUNTED: usize = 50_000;

/// How much applications may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// How many requests the applications of a tenant may make in a minute.
    pub requests_per_minute_per_tenant: NonZeroU32,
    /// How many streams of events may be open at a time. One tenant among several may have half
    /// of them.
    pub most_streams: usize,
}

/// Keeps applications to their allowance.
#[derive(Debug)]
pub struct Admission {
    requests: Mutex<RateLimiter<TenantKey<'static>>>,
    streams: Places<TenantKey<'static>>,
}

impl Admission {
    /// Keeps the applications of so many tenants to this allowance.
    pub fn new(allowance: Allowance, tenants: usize) -> Self {
        let Allowance { requests_per_minute_per_tenant, most_streams } = allowance;
        let requests = RateLimiter::new(requests_per_minute_per_tenant, MOST_COUNTED).into();
        let share = if tenants > 1 { most_streams.div_ceil(2) } else { most_streams };
        Self { requests, streams: Places::new(most_streams, share) }
    }

    /// Counts a request.
    pub(crate) fn admit_request(
        &self,
        tenant: &TenantKey<'static>,
        now: Instant,
    ) -> Result<(), Problem> {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.take(tenant, now).map_err(|_| {
            let detail = "the project's applications ask too often; wait a moment";
            Problem::new(StatusCode::TOO_MANY_REQUESTS, detail)
        })
    }

    /// The place of one more stream.
    pub(crate) fn admit_stream(
        &self,
        tenant: &TenantKey<'static>,
    ) -> Result<Place<TenantKey<'static>>, Problem> {
        self.streams.take(Some(tenant.clone())).map_err(|none| match none {
            NoPlace::ShareTaken => {
                let detail = "the project has as many streams as it may have; webhooks take more";
                Problem::new(StatusCode::TOO_MANY_REQUESTS, detail)
            }
            NoPlace::AllTaken => Problem::try_again("there are too many streams; try again"),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const ALLOWANCE: Allowance =
        Allowance { requests_per_minute_per_tenant: NonZeroU32::MIN, most_streams: 4 };

    fn tenant(client_env: &'static str) -> TenantKey<'static> {
        TenantKey::new("acme", "support", client_env)
    }

    #[test]
    fn each_tenant_is_counted_by_itself() {
        let (admission, now) = (Admission::new(ALLOWANCE, 2), Instant::now());
        for client_env in ["live", "sandbox"] {
            assert!(admission.admit_request(&tenant(client_env), now).is_ok());
            let refused = admission.admit_request(&tenant(client_env), now).unwrap_err();
            assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        }
        let later = now + Duration::from_secs(60);
        assert!(admission.admit_request(&tenant("live"), later).is_ok());
    }

    #[test]
    fn no_tenant_takes_all_the_streams_from_the_others() {
        let admission = Admission::new(ALLOWANCE, 2);
        let admit = |client_env| admission.admit_stream(&tenant(client_env));
        let status = |client_env| admit(client_env).unwrap_err().status;
        let live = [admit("live").unwrap(), admit("live").unwrap()];
        assert_eq!(status("live"), StatusCode::TOO_MANY_REQUESTS);
        let sandbox = [admit("sandbox").unwrap(), admit("sandbox").unwrap()];
        assert_eq!(status("another"), StatusCode::SERVICE_UNAVAILABLE);
        drop((live, sandbox));
        assert!(admit("another").is_ok());
    }

    #[test]
    fn one_tenant_alone_may_have_all_the_streams() {
        let admission = Admission::new(ALLOWANCE, 1);
        let held: Vec<_> =
            (0..4).map(|_| admission.admit_stream(&tenant("live")).unwrap()).collect();
        let status = admission.admit_stream(&tenant("live")).unwrap_err().status;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        drop(held);
    }
}
