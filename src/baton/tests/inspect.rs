//! `baton inspect`.

#[cfg(test)]
mod command;

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::{Value, json};

    use crate::command::{Ended, baton, ended_with_input};

    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    const BODY: &str = r#"{"id":"m1","channel":{"id":"i1","to":{"id":"u1"},"time":"2026-05-04T09:15:22.417Z"},"type":"Text","text":"Hello","originatingEntity":"Human","direction":"Outbound"}"#;

    fn signature(secret: &str, body: &str) -> String {
        let mut command = baton(&["sign", "--secret", secret]);
        ended_with_input(&mut command, body.as_bytes()).output.trim().to_owned()
    }

    fn inspect(arguments: &[&str], body: &str) -> Ended {
        let mut command = baton(&["inspect"]);
        ended_with_input(command.args(arguments), body.as_bytes())
    }

    fn report(ended: &Ended) -> Value {
        assert_eq!(ended.errors, "");
        serde_json::from_str(&ended.output).unwrap()
    }

    /// The report on a body that was not signed as it stands.
    fn refusal(arguments: &[&str], body: &str) -> Value {
        let ended = inspect(arguments, body);
        assert_eq!(ended.code, Some(1), "{}", ended.output);
        let report = report(&ended);
        assert_eq!(report["verdict"], "refuse");
        report
    }

    fn why(signed: &str, body: &str, secret: &str) -> String {
        let signature = signature(SECRET, signed);
        let report = refusal(&["--secret", secret, "--signature", &signature], body);
        assert_eq!(
            (&report["status"], &report["reason"]),
            (&json!(401), &json!("signature_mismatch"))
        );
        report["why"].as_str().unwrap().to_owned()
    }

    #[test]
    fn without_a_secret_the_translation_is_shown_and_the_signature_not_checked() {
        let ended = inspect(&[], BODY);
        assert_eq!(ended.code, Some(0));
        let report = report(&ended);
        assert_eq!(
            (&report["verdict"], &report["signature"]),
            (&json!("forward"), &json!("not checked"))
        );
        let event = &report["delivery"]["data"]["events"][0];
        assert_eq!(event["type"], "EVENT_TYPE_LIVE_AGENT_MESSAGE");
        assert_eq!(event["payload"]["text"], "Hello");
    }

    #[test]
    fn a_right_signature_is_forwarded_and_the_delivery_keeps_the_gates_order() {
        let header = format!("X-Hub-Signature-256: {}", signature(SECRET, BODY));
        for value in [signature(SECRET, BODY), header] {
            let ended = inspect(&["--secret", SECRET, "--signature", &value], BODY);
            assert_eq!(ended.code, Some(0), "{}", ended.output);
            assert_eq!(report(&ended)["signature"], "checked");
            let place = |member: &str| ended.output.find(&format!("\"{member}\": ")).unwrap();
            let order = [
                "verdict",
                "delivery",
                "specversion",
                "id",
                "source",
                "datacontenttype",
                "events",
                "unhandled",
            ];
            assert!(order.is_sorted_by_key(|member| place(member)), "{}", ended.output);
        }
    }

    #[test]
    fn each_of_several_secrets_is_tried() {
        let signature = signature(SECRET, BODY);
        let mut command = baton(&[
            "inspect",
            "--secret",
            "another-secret-of-the-tenant",
            "--secret-env",
            "SECOND",
        ]);
        command.args(["--signature", &signature]).env("SECOND", SECRET);
        assert_eq!(ended_with_input(&mut command, BODY.as_bytes()).code, Some(0));
    }

    #[test]
    fn a_mismatch_is_explained_by_what_has_changed() {
        assert!(why(BODY, &format!("{BODY}\n"), SECRET).contains("without the line break"));
        assert!(why(BODY, &format!("{BODY}\r\n"), SECRET).contains("without the line break"));
        assert!(why(&format!("{BODY}\n"), BODY, SECRET).contains("has got lost"));
        assert!(why(BODY, &format!("\u{feff}{BODY}"), SECRET).contains("byte order mark"));
        assert!(why("{\n}", "{\r\n}", SECRET).contains("CR LF"));
        let laid_out = BODY.replace("\",\"", "\",\n  \"");
        assert!(why(BODY, &laid_out, SECRET).contains("laid it out anew"));
        let (umlaut, escaped) =
            (BODY.replace("Hello", "Grüße"), BODY.replace("Hello", r"Gr\u00fc\u00dfe"));
        assert!(why(&umlaut, &escaped, SECRET).contains("written it again"));
        assert!(why(BODY, BODY, &format!("{SECRET} ")).contains("blanks around it"));
        assert!(why(BODY, BODY, "another-secret-of-the-tenant").contains("none of the secrets"));
        assert!(why(BODY, &BODY.replace("Hello", "Bye"), SECRET).contains("none of the secrets"));
    }

    #[test]
    fn a_signature_that_is_not_well_formed_is_refused_with_its_own_reason() {
        for (signature, reason) in [
            ("sha256=short", "signature_malformed"),
            ("short", "signature_without_prefix"),
            ("sha256=a, sha256=b", "signature_comma_joined"),
        ] {
            let report = refusal(&["--secret", SECRET, "--signature", signature], BODY);
            assert_eq!(report["reason"], reason);
        }
        let report = refusal(&["--secret", SECRET], BODY);
        assert_eq!(report["reason"], "signature_missing");
    }

    #[test]
    fn what_was_tried_is_told_and_a_value_that_only_lost_its_form_is_recognised() {
        let signature = signature(SECRET, BODY);
        let bare = signature.trim_start_matches("sha256=");
        for value in [bare, &format!("SHA256={bare}"), signature.trim_end_matches('=')] {
            let report = refusal(&["--secret", SECRET, "--signature", value], BODY);
            assert_eq!(report["tried"][0]["holds"], true, "{value}");
            assert!(report["why"].as_str().unwrap().contains("Put right, it holds"), "{value}");
            let report = refusal(&["--secret", SECRET, "--signature", value], "{}");
            assert_eq!(report["tried"][0]["holds"], false, "{value}");
        }
        let report = refusal(&["--secret", SECRET, "--signature", &signature], "{}");
        let tried = report["tried"].as_array().unwrap();
        assert!(tried.len() > 5 && tried.iter().all(|trial| trial["holds"] == false));
    }

    #[test]
    fn what_is_no_webhook_is_told_from_what_is_refused() {
        let not_ours = inspect(&["--path", "/api/v1/sessions"], BODY);
        assert_eq!(not_ours.code, Some(1));
        assert_eq!(report(&not_ours)["verdict"], "not_ours");
        let not_found = refusal(&["--path", "/webhooks/genesys/a/b/events"], BODY);
        assert_eq!(
            (&not_found["status"], &not_found["reason"]),
            (&json!(404), &json!("not_found"))
        );
        assert_eq!(refusal(&["--method", "GET"], BODY)["status"], 405);
        let not_json = refusal(&[], "{\"a\":\n oops}");
        assert_eq!(not_json["status"], 400);
        assert!(not_json["why"].as_str().unwrap().contains("line 2"));
    }

    #[test]
    fn a_bots_message_that_is_dropped_is_pointed_out() {
        let ended = inspect(&[], &BODY.replace("Human", "Bot"));
        assert!(report(&ended)["note"].as_str().unwrap().contains("bot_messages"));
    }

    #[test]
    fn the_path_gives_the_tenant_without_a_configuration() {
        let ended = inspect(&["--path", "/webhooks/genesys/acme/shop/live/events?x=1"], BODY);
        let tenant = &report(&ended)["delivery"]["data"]["tenant"];
        assert_eq!(
            *tenant,
            json!({"account_id": "acme", "project_id": "shop", "client_env": "live"})
        );
    }

    fn with_configuration(document: &Value, arguments: &[&str]) -> Ended {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), document.to_string()).unwrap();
        let mut command = baton(&["inspect", "--config", file.path().to_str().unwrap()]);
        command.env("WEBHOOK_SECRET", SECRET).env("CREDENTIAL", SECRET).args(arguments);
        ended_with_input(&mut command, BODY.as_bytes())
    }

    fn configuration() -> Value {
        json!({
            "upstream": {"credential": {"env": "CREDENTIAL"}},
            "tenants": [{
                "account_id": "acme", "project_id": "shop", "client_env": "live",
                "signature_secrets": [{"env": "WEBHOOK_SECRET"}],
            }],
            "max_body_bytes": 1000,
        })
    }

    #[test]
    fn a_configuration_rules_as_the_edge_would() {
        let signature = signature(SECRET, BODY);
        let signed = ["--signature", &signature];
        let forwarded = with_configuration(&configuration(), &signed);
        assert_eq!(forwarded.code, Some(0), "{}", forwarded.output);
        assert_eq!(report(&forwarded)["delivery"]["source"], "/webhooks/genesys/acme/shop/live");

        let other = [&signed[..], &["--path", "/webhooks/genesys/acme/shop/test/events"]].concat();
        let unknown = report(&with_configuration(&configuration(), &other));
        assert_eq!(unknown["reason"], "unknown_tenant");
        assert!(unknown["why"].as_str().unwrap().contains("acme/shop/live"));

        let mut small = configuration();
        small["max_body_bytes"] = json!(10);
        let too_large = report(&with_configuration(&small, &signed));
        assert_eq!(
            (&too_large["status"], &too_large["reason"]),
            (&json!(413), &json!("too_large"))
        );

        let mut looked_up = configuration();
        looked_up["unlisted_tenants"] = json!("look_up");
        looked_up["look_up"] = looked_up["upstream"].clone();
        assert_eq!(
            report(&with_configuration(&looked_up, &other))["reason"],
            "tenant_look_up_failed"
        );
    }

    #[test]
    fn a_wrong_configuration_has_an_exit_code_of_its_own() {
        let mut misspelt = configuration();
        misspelt["tenant"] = json!([]);
        with_configuration(&misspelt, &[]).assert_failed(64, "there is no such member");
        inspect(&["--config", "/no/such/file"], BODY).assert_failed(64, "/no/such/file");
    }

    #[test]
    fn a_configuration_with_several_tenants_needs_the_path() {
        let mut two = configuration();
        let mut second = two["tenants"][0].clone();
        second["client_env"] = json!("test");
        two["tenants"].as_array_mut().unwrap().push(second);
        with_configuration(&two, &[]).assert_failed(2, "--path");
    }

    #[test]
    fn wrong_usage_says_what_to_do() {
        inspect(&["--signature", "sha256=x"], BODY).assert_failed(2, "--secret-env");
        inspect(&["--secret", "short"], BODY).assert_failed(2, "none below 16");
        assert_eq!(inspect(&["--secret", SECRET, "--config", "x"], BODY).code, Some(2));
    }
}
