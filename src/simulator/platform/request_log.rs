//! The requests that were let in, as they were sent.

use std::collections::VecDeque;

use axum::http::{Method, Uri};
use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

/// How many requests are kept: the newest.
const KEPT: usize = 1000;
/// A longer body is not kept, in bytes.
const LONGEST_KEPT_BODY: usize = 64 * 1024;

/// One request, as `GET /control/v1/requests` shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct RecordedRequest {
    method: String,
    path: String,
    query: String,
    /// The JSON of the body; nothing where there is none, or one over 64 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Value>,
}

/// The newest requests that were let in, oldest first.
#[derive(Debug, Default)]
pub(crate) struct RequestLog(VecDeque<RecordedRequest>);

impl RequestLog {
    /// Adds a request, and forgets the oldest one if there are too many.
    pub(crate) fn add(&mut self, method: &Method, uri: &Uri, body: &Bytes) {
        let is_kept = body.len() <= LONGEST_KEPT_BODY;
        self.0.push_back(RecordedRequest {
            method: method.to_string(),
            path: uri.path().to_owned(),
            query: uri.query().unwrap_or_default().to_owned(),
            body: is_kept.then(|| serde_json::from_slice(body).ok()).flatten(),
        });
        if self.0.len() > KEPT {
            self.0.pop_front();
        }
    }

    /// All that are kept.
    pub(crate) fn all(&self) -> Vec<RecordedRequest> {
        self.0.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn log(requests: impl IntoIterator<Item = (String, Bytes)>) -> Vec<RecordedRequest> {
        let mut log = RequestLog::default();
        for (uri, body) in requests {
            log.add(&Method::POST, &uri.parse().unwrap(), &body);
        }
        log.all()
    }

    #[test]
    fn a_request_is_shown_as_it_was_sent() {
        let [shown] = &log([("/a/b?c=d%20e".into(), Bytes::from(r#"{"f":[1]}"#))])[..] else {
            panic!("one request");
        };
        let expected = json!({
            "method": "POST", "path": "/a/b", "query": "c=d%20e", "body": { "f": [1] },
        });
        assert_eq!(json!(shown), expected);
    }

    #[test]
    fn only_the_newest_requests_are_kept_and_no_endless_body() {
        let long = Bytes::from(format!("\"{}\"", "a".repeat(LONGEST_KEPT_BODY)));
        let shown = log((0..=KEPT).map(|number| (format!("/{number}"), long.clone())));
        assert_eq!((shown.len(), shown[0].path.as_str()), (KEPT, "/1"));
        assert!(shown.iter().all(|request| request.body.is_none()));
    }
}
