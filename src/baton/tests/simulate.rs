//! `baton simulate`.

#[cfg(test)]
#[cfg(feature = "simulator")]
mod command;

#[cfg(test)]
#[cfg(feature = "simulator")]
mod tests {
    use std::net::TcpListener;

    use serde_json::{Value, json};

    use crate::command::{Running, baton, ended};

    const URL: &str = "http://127.0.0.1:9/webhooks/genesys/acme/support/live/events";
    const SECRET: &str = "at-least-16-chars-long";

    #[test]
    fn it_says_where_it_takes_orders_and_ends_when_told_to() {
        let mut command = baton(&["simulate", "--webhook-url", URL, "--secret-env", "SECRET"]);
        command.args(["--listen", "127.0.0.1:0", "--time-scale", "0"]).env("SECRET", SECRET);
        let running = Running::start(&mut command);
        let line = running.line();
        let address = line.split("http://").nth(1).unwrap().split('/').next().unwrap().to_owned();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let sent: Value = runtime.block_on(async {
            let order = json!({"shape": "text-agent", "to": "u1", "wait": true});
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            let url = format!("http://{address}/control/v1/webhooks");
            client.post(url).json(&order).send().await.unwrap().json().await.unwrap()
        });
        assert_eq!(sent["state"], "failed", "nothing listens at the webhook URL");
        assert_eq!(sent["attempts"].as_array().unwrap().len(), 6);
        running.signal("TERM");
        let ended = running.ended();
        assert_eq!(ended.code, Some(0), "{}", ended.errors);
        assert!(!ended.errors.contains(SECRET) && !line.contains(SECRET));
    }

    #[test]
    fn what_cannot_be_used_is_wrong_usage() {
        let simulate = |arguments: &[&str]| {
            let mut command = baton(&["simulate", "--listen", "127.0.0.1:0"]);
            ended(command.args(arguments).env("BATON_LOG", "off"))
        };
        simulate(&["--webhook-url", URL, "--secret", "short"]).assert_failed(2, "16");
        simulate(&["--webhook-url", "ftp://example.com", "--secret", SECRET])
            .assert_failed(2, "its scheme is ftp");
        simulate(&["--webhook-url", URL, "--secret", SECRET, "--ca-file", "/nowhere.pem"])
            .assert_failed(1, "/nowhere.pem");
        assert_eq!(
            simulate(&["--webhook-url", URL, "--secret", SECRET, "--header", "x"]).code,
            Some(2)
        );
    }

    #[test]
    fn the_control_api_can_be_closed_by_a_token_of_the_environment() {
        let mut command = baton(&["simulate", "--webhook-url", URL, "--secret-env", "SECRET"]);
        command.args(["--listen", "127.0.0.1:0", "--control-token-env", "TOKEN"]);
        let running = Running::start(command.env("SECRET", SECRET).env("TOKEN", "hush-hush"));
        let line = running.line();
        let url = line.split("control API ").nth(1).unwrap().split(',').next().unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let statuses = runtime.block_on(async {
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            let ask = || client.get(format!("{url}/org"));
            let refused = ask().send().await.unwrap().status();
            (refused, ask().bearer_auth("hush-hush").send().await.unwrap().status())
        });
        assert_eq!((statuses.0.as_u16(), statuses.1.as_u16()), (401, 200));
        running.signal("TERM");
        let ended = running.ended();
        assert!(!ended.errors.contains("hush-hush"), "{}", ended.errors);
    }

    #[test]
    fn a_taken_port_is_named() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let mut command = baton(&["simulate", "--webhook-url", URL, "--secret", SECRET]);
        ended(command.args(["--listen", &address])).assert_failed(1, &address);
    }
}
