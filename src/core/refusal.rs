//! What a request is refused with: the answer table of the webhook.
//!
//! Genesys tries again on 429 and 5xx only, and gives the message up on any other status
//! (Genesys reference, 2.2): so 4xx is for what a repetition cannot mend.

use crate::{api_key::ApiKeyProblem, signature::SignatureProblem};

/// Why a request is refused.
///
/// The reason is for the log and the metric. The caller learns the status and no more: an
/// unknown tenant cannot be told from a wrong signature or API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// A path under one of our prefixes that is no webhook path, or the path of deliveries.
    NotFound,
    /// A webhook is a POST.
    MethodNotAllowed,
    /// The body is over the limit.
    TooLarge,
    /// The content type is gRPC's: some hosts put 200 on every answer to that, refusals included.
    MediaType,
    /// There is no such tenant.
    UnknownTenant,
    /// The signature is missing, malformed or wrong.
    Signature(SignatureProblem),
    /// The API key is missing, malformed or wrong.
    ApiKey(ApiKeyProblem),
    /// The signature or the API key is right, and the body is not JSON.
    NotJson,
    /// The tenant could not be looked up.
    TenantLookUpFailed,
    /// The upstream is down, slow or overloaded, or it refused the delivery.
    UpstreamFailed,
}

/// The answer to a refused request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: &'static [(&'static str, &'static str)],
    /// The body: `application/problem+json` (RFC 9457).
    pub body: &'static str,
}

const PROBLEM: (&str, &str) = ("content-type", "application/problem+json");

impl Refusal {
    /// Each refusal there is.
    pub fn all() -> impl Iterator<Item = Self> {
        let others = [
            Self::NotFound,
            Self::MethodNotAllowed,
            Self::TooLarge,
            Self::MediaType,
            Self::UnknownTenant,
            Self::NotJson,
            Self::TenantLookUpFailed,
            Self::UpstreamFailed,
        ];
        let signatures = SignatureProblem::ALL.into_iter().map(Self::Signature);
        let api_keys = ApiKeyProblem::ALL.into_iter().map(Self::ApiKey);
        others.into_iter().chain(signatures).chain(api_keys)
    }

    /// Whether a proof was well-formed and did not match what is known of its tenant.
    pub const fn is_mismatch(self) -> bool {
        matches!(
            self,
            Self::Signature(SignatureProblem::Mismatch) | Self::ApiKey(ApiKeyProblem::Mismatch)
        )
    }

    /// A word for logs and metrics.
    pub const fn label(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::TooLarge => "too_large",
            Self::MediaType => "media_type",
            Self::UnknownTenant => "unknown_tenant",
            Self::Signature(problem) => problem.label(),
            Self::ApiKey(problem) => problem.label(),
            Self::NotJson => "not_json",
            Self::TenantLookUpFailed => "tenant_look_up_failed",
            Self::UpstreamFailed => "upstream_failed",
        }
    }

    /// What the caller is told.
    pub const fn answer(self) -> Answer {
        match self {
            Self::NotFound => Answer {
                status: 404,
                headers: &[PROBLEM],
                body: r#"{"type":"about:blank","title":"Not Found","status":404}"#,
            },
            Self::MethodNotAllowed => Answer {
                status: 405,
                headers: &[PROBLEM, ("allow", "POST")],
                body: r#"{"type":"about:blank","title":"Method Not Allowed","status":405}"#,
            },
            Self::TooLarge => Answer {
                status: 413,
                headers: &[PROBLEM],
                body: r#"{"type":"about:blank","title":"Content Too Large","status":413}"#,
            },
            Self::MediaType => Answer {
                status: 415,
                headers: &[PROBLEM],
                body: r#"{"type":"about:blank","title":"Unsupported Media Type","status":415}"#,
            },
            Self::UnknownTenant | Self::Signature(_) | Self::ApiKey(_) => Answer {
                status: 401,
                headers: &[PROBLEM],
                body: r#"{"type":"about:blank","title":"Unauthorized","status":401}"#,
            },
            Self::NotJson => Answer {
                status: 400,
                headers: &[PROBLEM],
                body: r#"{"type":"about:blank","title":"Bad Request","status":400}"#,
            },
            Self::TenantLookUpFailed | Self::UpstreamFailed => Answer {
                status: 503,
                headers: &[PROBLEM, ("retry-after", "5")],
                body: r#"{"type":"about:blank","title":"Service Unavailable","status":503}"#,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{collections::BTreeSet, format};

    #[test]
    fn each_refusal_has_a_label_of_its_own_and_a_body_that_names_its_status() {
        let labels: BTreeSet<_> = Refusal::all().map(Refusal::label).collect();
        assert_eq!(labels.len(), Refusal::all().count());
        for refusal in Refusal::all() {
            let answer = refusal.answer();
            assert!(answer.body.contains(&format!(r#""status":{}"#, answer.status)), "{refusal:?}");
        }
    }

    #[test]
    fn only_an_answer_that_genesys_tries_again_names_a_time_to_do_so() {
        for refusal in Refusal::all() {
            let answer = refusal.answer();
            let names_a_time = answer.headers.iter().any(|(name, _)| *name == "retry-after");
            assert_eq!(names_a_time, answer.status >= 500, "{refusal:?}");
        }
    }
}
