//! The pictures that the org tells of.

#[cfg(test)]
mod tests {
    use baton_simulator::{Configuration, DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET, serve};
    use reqwest::{Client, Url};
    use serde_json::Value;

    const DANA: &str = "aa11bb22-cc33-4d44-8e55-ff6677889900";

    /// Where Dana's picture is, as a simulator tells that serves pictures, or not.
    async fn picture(serves_pictures: bool) -> Url {
        let mut configuration =
            Configuration::new("http://127.0.0.1:9/events", "at-least-16-chars-long");
        configuration.serves_pictures = serves_pictures;
        let listener = configuration.bind().await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, configuration, std::future::pending()));
        let client = Client::new();
        let token = client.post(format!("http://{address}/oauth/token"));
        let token = token.basic_auth(DEFAULT_CLIENT_ID, Some(DEFAULT_CLIENT_SECRET));
        let token = token.header("content-type", "application/x-www-form-urlencoded");
        let token = token.body("grant_type=client_credentials").send().await.unwrap();
        let token: Value = token.json().await.unwrap();
        let user = client.get(format!("http://{address}/api/v2/users/{DANA}"));
        let user = user.bearer_auth(token["access_token"].as_str().unwrap()).send().await.unwrap();
        let user: Value = user.json().await.unwrap();
        user["images"][0]["imageUri"].as_str().unwrap().parse().unwrap()
    }

    #[tokio::test]
    async fn an_org_that_serves_its_pictures_shows_what_it_tells_of() {
        let answer = reqwest::get(picture(true).await).await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "image/svg+xml");
        assert!(answer.text().await.unwrap().starts_with("<svg"));
    }

    #[tokio::test]
    async fn otherwise_they_lie_on_a_host_that_is_not_there() {
        assert_eq!(picture(false).await.host_str(), Some("pictures.example.org"));
    }
}
