//! The delivery of a webhook follows Genesys' retry rules (Genesys reference 2.2).

#[cfg(test)]
mod receiver;

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::time::{Duration, Instant};

    use baton_simulator::Configuration;
    use baton_simulator::delivery::{Answer, Attempt, Outcome, Progress, Sender, SignedBody};
    use baton_simulator::signature;
    use tokio::net::TcpListener;

    use crate::receiver::Reply::{Silence, Status};
    use crate::receiver::{Receiver, Reply};

    const SECRET: &str = "at-least-16-chars-long";

    fn signed(body: &'static str) -> SignedBody {
        let signature = Some(signature::base64(SECRET, body.as_bytes()));
        SignedBody { body: body.into(), signature }
    }

    async fn deliver_to(url: &str) -> (Outcome, Vec<Attempt>) {
        let mut configuration = Configuration::new(url, SECRET);
        configuration.time_scale = 0.01;
        configuration.webhook_headers.insert("x-tenant-key".into(), "key-of-acme".into());
        let sender = Sender::new(&configuration).unwrap();
        let mut attempts = Vec::new();
        let observe = |progress| {
            if let Progress::Over(attempt) = progress {
                attempts.push(attempt);
            }
        };
        let outcome = sender.deliver(&signed("{\"text\":\"jaźń\"}"), observe).await;
        (outcome, attempts)
    }

    async fn deliver(script: &[Reply]) -> (Outcome, Vec<Answer>, Receiver) {
        let receiver = Receiver::answering(script).await;
        let (outcome, attempts) = deliver_to(&receiver.url).await;
        let answers = attempts.into_iter().map(|attempt| attempt.answer).collect();
        (outcome, answers, receiver)
    }

    fn failure(outcome: Outcome) -> String {
        match outcome {
            Outcome::Failed(info) => format!("{}: {}", info.code, info.text),
            Outcome::Delivered => panic!("delivered"),
        }
    }

    #[tokio::test]
    async fn a_webhook_that_is_answered_with_200_is_delivered_at_once() {
        let (outcome, answers, receiver) = deliver(&[Status(200)]).await;
        assert_eq!(outcome, Outcome::Delivered);
        assert_eq!(answers, [Answer::Status(200)]);
        assert_eq!(receiver.received().len(), 1);
    }

    #[tokio::test]
    async fn a_webhook_is_a_post_of_the_signed_bytes_as_json_with_the_extra_headers() {
        let (_, _, receiver) = deliver(&[Status(204)]).await;
        let received = receiver.received();
        assert_eq!(received[0].body, "{\"text\":\"jaźń\"}");
        assert_eq!(received[0].header("content-type"), Some("application/json"));
        assert_eq!(received[0].header("x-tenant-key"), Some("key-of-acme"));
        assert_eq!(
            received[0].header("x-hub-signature-256"),
            Some(signature::base64(SECRET, &received[0].body).as_str())
        );
    }

    #[tokio::test]
    async fn the_signature_header_is_spelled_as_genesys_spells_it() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/events", listener.local_addr().unwrap());
        let head = tokio::task::spawn_blocking(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let lines = BufReader::new(&stream).lines().map(Result::unwrap);
            let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
            head
        });
        deliver_to(&url).await;
        let head = head.await.unwrap();
        assert!(
            head.iter().any(|line| line.starts_with("X-Hub-Signature-256: sha256=")),
            "{head:?}"
        );
    }

    #[tokio::test]
    async fn the_same_bytes_are_sent_again_after_500_503_and_429() {
        let script = [Status(500), Status(503), Status(429), Status(200)];
        let (outcome, answers, receiver) = deliver(&script).await;
        assert_eq!(outcome, Outcome::Delivered);
        assert_eq!(answers, [500, 503, 429, 200].map(Answer::Status));
        let received = receiver.received();
        assert_eq!(received.len(), 4);
        for again in &received[1..] {
            assert_eq!(again.body, received[0].body);
            assert_eq!(again.headers, received[0].headers);
        }
    }

    #[tokio::test]
    async fn a_webhook_fails_after_exactly_five_retries() {
        let (outcome, answers, receiver) = deliver(&[Status(503)]).await;
        assert_eq!(
            failure(outcome),
            "DELIVERY_FAILED: GeneralError - Request failed with status code 503"
        );
        assert_eq!(answers, [503; 6].map(Answer::Status));
        assert_eq!(receiver.received().len(), 6);
    }

    #[tokio::test]
    async fn a_webhook_is_sent_again_after_a_time_out() {
        let (outcome, answers, receiver) = deliver(&[Silence, Status(200)]).await;
        assert_eq!(outcome, Outcome::Delivered);
        assert_eq!(answers, [Answer::Error("Request timed out".into()), Answer::Status(200)]);
        let received = receiver.received();
        assert_eq!(received[0].body, received[1].body);
    }

    #[tokio::test]
    async fn the_time_out_is_never_scaled_below_one_second() {
        let receiver = Receiver::answering(&[Silence, Status(200)]).await;
        let (_, attempts) = deliver_to(&receiver.url).await;
        assert!(attempts[0].latency_milliseconds >= 1000, "{attempts:?}");
    }

    #[tokio::test]
    async fn a_closed_port_is_tried_five_times_again() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/events", listener.local_addr().unwrap());
        drop(listener);
        let (outcome, attempts) = deliver_to(&url).await;
        assert_eq!(attempts.len(), 6);
        assert!(failure(outcome).starts_with("DELIVERY_FAILED: GeneralError - Connection failed:"));
    }

    #[tokio::test]
    async fn attempts_are_a_pause_apart() {
        let receiver = Receiver::answering(&[Status(503)]).await;
        let begin = Instant::now();
        deliver_to(&receiver.url).await;
        assert!(begin.elapsed() >= Duration::from_millis(5 * 50));
    }

    #[tokio::test]
    async fn any_other_refusal_is_final() {
        for status in [400, 401, 403, 404, 405, 413] {
            let (outcome, answers, receiver) = deliver(&[Status(status), Status(200)]).await;
            assert_eq!(
                failure(outcome),
                format!("DELIVERY_FAILED: GeneralError - Request failed with status code {status}")
            );
            assert_eq!(answers, [Answer::Status(status)]);
            assert_eq!(receiver.received().len(), 1);
        }
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        let (outcome, _, receiver) = deliver(&[Status(307), Status(200)]).await;
        assert_eq!(
            failure(outcome),
            "DELIVERY_FAILED: GeneralError - Request failed with status code 307"
        );
        assert_eq!(receiver.received().len(), 1);
    }
}
