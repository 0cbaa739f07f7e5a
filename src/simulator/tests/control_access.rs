//! The control API with a token.

#[cfg(test)]
mod tests {
    use baton_simulator::{Configuration, DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET, serve};
    use reqwest::{Client, RequestBuilder};

    const TOKEN: &str = "the-token-of-this-run";

    /// A simulator whose control API wants the token; it stops with the runtime of its test.
    async fn simulator() -> String {
        let mut configuration =
            Configuration::new("http://127.0.0.1:9/events", "at-least-16-chars-long");
        configuration.control_token = Some(TOKEN.to_owned());
        let listener = configuration.bind().await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(serve(listener, configuration, std::future::pending()));
        address
    }

    async fn status(request: RequestBuilder) -> u16 {
        request.send().await.unwrap().status().as_u16()
    }

    #[tokio::test]
    async fn every_route_of_the_control_api_wants_the_token() {
        let (address, client) = (simulator().await, Client::new());
        for path in ["health", "shapes", "sendings", "org", "conversations", "faults", "counters"] {
            let ask = || client.get(format!("http://{address}/control/v1/{path}"));
            assert_eq!(status(ask()).await, 401, "{path}");
            assert_eq!(status(ask().bearer_auth("guess")).await, 401, "{path}");
            assert_eq!(status(ask().bearer_auth(TOKEN)).await, 200, "{path}");
        }
        let order = client.post(format!("http://{address}/control/v1/webhooks"));
        let order = order.json(&serde_json::json!({"shape": "text-agent", "to": "u1"}));
        assert_eq!(status(order).await, 401);
    }

    #[tokio::test]
    async fn a_page_of_another_origin_and_another_host_are_refused_with_the_token_too() {
        let (address, client) = (simulator().await, Client::new());
        let port = address.rsplit(':').next().unwrap();
        let ask = |name: &str, value: &str| {
            let request = client.get(format!("http://{address}/control/v1/org"));
            request.bearer_auth(TOKEN).header(name, value)
        };
        assert_eq!(status(ask("host", &format!("localhost:{port}"))).await, 200);
        assert_eq!(status(ask("host", &format!("evil.example:{port}"))).await, 421);
        assert_eq!(status(ask("host", "127.0.0.1")).await, 421);
        assert_eq!(status(ask("origin", &format!("http://{address}"))).await, 200);
        assert_eq!(status(ask("origin", "https://evil.example")).await, 403);
        assert_eq!(status(ask("origin", "null")).await, 403);
    }

    #[tokio::test]
    async fn genesys_own_routes_do_not_want_it() {
        let (address, client) = (simulator().await, Client::new());
        let token = client.post(format!("http://{address}/oauth/token"));
        let token = token.basic_auth(DEFAULT_CLIENT_ID, Some(DEFAULT_CLIENT_SECRET));
        let token = token
            .header("content-type", "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials");
        assert_eq!(status(token).await, 200);
        assert_eq!(status(client.get(format!("http://{address}/nowhere"))).await, 404);
    }
}
