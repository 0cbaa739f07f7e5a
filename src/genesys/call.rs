//! What can be asked of the Platform API.

use bytes::Bytes;
use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::{error::Wording, rate_limit::Class};

/// Everything but what a URL leaves as it is.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Longer answers are not read, unless the call says otherwise: a page of a listing is the longest
/// that Genesys has but for conversations.
const MOST_BYTES: usize = 1 << 20;

/// One call of the Platform API.
#[derive(Clone)]
pub(crate) struct Call {
    /// What it does, for errors: "reading the conversation".
    pub(crate) purpose: &'static str,
    pub(crate) class: Class,
    pub(crate) method: Method,
    /// Path and query, after the base address.
    pub(crate) target: String,
    pub(crate) body: Option<Bytes>,
    /// A longer answer is not read.
    pub(crate) most_bytes: usize,
}

impl Call {
    /// A call at `/api/v2/` and the segments of the path, which are escaped.
    pub(crate) fn new(purpose: &'static str, class: Class, method: Method, path: &[&str]) -> Self {
        let mut target = "/api/v2".to_owned();
        for segment in path {
            target.push('/');
            target.extend(utf8_percent_encode(segment, ESCAPED));
        }
        Self { purpose, class, method, target, body: None, most_bytes: MOST_BYTES }
    }

    pub(crate) fn get(purpose: &'static str, class: Class, path: &[&str]) -> Self {
        Self::new(purpose, class, Method::GET, path)
    }

    pub(crate) fn post(purpose: &'static str, class: Class, path: &[&str]) -> Self {
        Self::new(purpose, class, Method::POST, path)
    }

    pub(crate) fn patch(purpose: &'static str, class: Class, path: &[&str]) -> Self {
        Self::new(purpose, class, Method::PATCH, path)
    }

    pub(crate) fn put(purpose: &'static str, class: Class, path: &[&str]) -> Self {
        Self::new(purpose, class, Method::PUT, path)
    }

    /// The call with one more parameter in its query.
    pub(crate) fn with_query(mut self, name: &str, value: &str) -> Self {
        self.target.push(if self.target.contains('?') { '&' } else { '?' });
        self.target.push_str(name);
        self.target.push('=');
        self.target.extend(utf8_percent_encode(value, ESCAPED));
        self
    }

    /// The call with a JSON body.
    pub(crate) fn with_body(mut self, body: &Value) -> Self {
        self.body = Some(body.to_string().into());
        self
    }

    /// The call with an answer that may be longer, or has to be shorter.
    pub(crate) fn with_most_bytes(mut self, most_bytes: usize) -> Self {
        self.most_bytes = most_bytes;
        self
    }

    /// How much may be shown of Genesys' sentence about the call. It may quote a body, which has
    /// what a user wrote, and the path, in which the id of a notification channel is a secret.
    pub(crate) fn wording(&self) -> Wording {
        match self.class {
            Class::Subscription => Wording::Template,
            _ if self.body.is_some() => Wording::Template,
            _ => Wording::Whole,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_put_into_an_address_stays_in_its_place() {
        let call = Call::get("testing", Class::Reconcile, &["users", "a/../b?c#d %41"])
            .with_query("name", "Füße & Co=1")
            .with_query("pageSize", "100");
        assert_eq!(
            call.target,
            "/api/v2/users/a%2F..%2Fb%3Fc%23d%20%2541?name=F%C3%BC%C3%9Fe%20%26%20Co%3D1&pageSize=100"
        );
    }

    #[test]
    fn genesys_may_not_be_quoted_on_a_users_words_or_a_channels_id() {
        let reading = Call::get("testing", Class::Reconcile, &["conversations", "c"]);
        assert_eq!(reading.wording(), Wording::Whole);
        let sending = Call::post("testing", Class::Message, &["x"]).with_body(&json!({}));
        assert_eq!(sending.wording(), Wording::Template);
        let path = ["notifications", "channels", "streaming-0-secret", "subscriptions"];
        let leaving = Call::new("testing", Class::Subscription, Method::DELETE, &path);
        assert_eq!(leaving.wording(), Wording::Template);
    }

    #[test]
    fn a_body_is_compact_json() {
        let call = Call::patch("testing", Class::Disconnect, &["x"])
            .with_body(&json!({ "state": "disconnected" }));
        assert_eq!(call.body.unwrap(), r#"{"state":"disconnected"}"#);
    }
}
