//! What edges share whose host speaks in the types of the `http` crates, which `baton-core` does
//! without: a request as the core takes it.

use std::error::Error;

use baton_core::{
    exchange::{BodyProblem, Header, Host, Outcome, RequestHead, exchange},
    gate::Gate,
};
use http::{HeaderMap, Request};
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError, Limited};

/// Sees a request through the gate. `host` makes the host's calls, of which one is to read the
/// request's body.
pub async fn see_through<B, H: Host>(
    gate: &Gate,
    request: Request<B>,
    host: impl FnOnce(B) -> H,
) -> Outcome {
    let (parts, body) = request.into_parts();
    let head = RequestHead {
        method: parts.method.as_str().as_bytes(),
        path: parts.uri.path_and_query().map_or("", |path| path.as_str()).as_bytes(),
        headers: &headers(&parts.headers),
    };
    exchange(gate, &head, &mut host(body)).await
}

/// The headers, in the order in which they are there.
fn headers(headers: &HeaderMap) -> Vec<Header> {
    let header = headers.iter();
    header.map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect()
}

/// The whole of a body.
///
/// # Errors
///
/// [`BodyProblem`], if it has more than `most` bytes or breaks off.
pub async fn whole<B>(body: B, most: usize) -> Result<Vec<u8>, BodyProblem>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    match Limited::new(body, most).collect().await {
        Ok(collected) => Ok(collected.to_bytes().into()),
        Err(error) if error.is::<LengthLimitError>() => Err(BodyProblem::TooLarge),
        Err(_) => Err(BodyProblem::Broken),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::executor::block_on;
    use http_body_util::{Full, StreamBody, combinators::UnsyncBoxBody};

    #[test]
    fn a_body_is_read_up_to_its_limit() {
        let body = || Full::new(&b"hello"[..]);
        assert_eq!(block_on(whole(body(), 5)), Ok(b"hello".to_vec()));
        assert_eq!(block_on(whole(body(), 4)), Err(BodyProblem::TooLarge));
    }

    #[test]
    fn a_body_that_breaks_off_is_none() {
        let broken = futures::stream::iter([Err(std::io::Error::other("it broke off"))]);
        let body: UnsyncBoxBody<&[u8], _> = StreamBody::new(broken).boxed_unsync();
        assert_eq!(block_on(whole(body, 5)), Err(BodyProblem::Broken));
    }

    #[test]
    fn a_header_that_was_sent_twice_is_there_twice() {
        let mut sent = HeaderMap::new();
        for value in ["1", "2"] {
            sent.append("x-hub-signature-256", http::HeaderValue::from_static(value));
        }
        let name = "x-hub-signature-256";
        let expected = [b"1", b"2"].map(|value| (name.to_owned(), value.to_vec()));
        assert_eq!(headers(&sent), expected);
    }
}
