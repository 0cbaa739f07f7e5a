//! Every shape is written exactly as its sample in `webhooks.txt`: a line is the shape's name, a
//! space, and the body.

#[cfg(test)]
mod tests {
    use baton_simulator::signature;
    use baton_simulator::webhook::{Parameters, Shape, shapes};
    use serde_json::Value;

    fn samples() -> impl Iterator<Item = (&'static str, &'static str)> {
        include_str!("webhooks.txt")
            .split_terminator('\n')
            .map(|line| line.split_once(' ').unwrap())
    }

    fn text(value: &Value) -> String {
        value.as_str().unwrap().to_owned()
    }

    fn parameters(body: &str) -> Parameters {
        let body: Value = serde_json::from_str(body).unwrap();
        let channel = &body["channel"];
        Parameters {
            integration_id: text(&channel["id"]),
            integration_name: "Acme Open Gateway".into(),
            end_user_id: text(&channel["to"]["id"]),
            message_id: text(&body["id"]),
            time: text(&channel["time"]).parse().unwrap(),
            conversation_id: body.get("conversationId").map(text),
            text: None,
        }
    }

    #[test]
    fn every_shape_is_written_byte_for_byte_as_its_sample() {
        for (name, sample) in samples() {
            let shape = Shape::named(name).unwrap_or_else(|| panic!("there is no shape {name}"));
            assert_eq!(shape.body(&parameters(sample)), sample, "{name}");
        }
    }

    #[test]
    fn a_body_beyond_ascii_has_the_known_signature() {
        let (_, sample) = samples().find(|(name, _)| *name == "text-unicode").unwrap();
        let body = Shape::named("text-unicode").unwrap().body(&parameters(sample));
        assert_eq!(
            signature::base64("at-least-16-chars-long", body.as_bytes()),
            "sha256=kzSXRmccYRepyeCRwW0eE4angKYevZAX1TtPKJT5iRg="
        );
    }

    #[test]
    fn every_shape_has_a_sample() {
        let mut named: Vec<_> = shapes().map(Shape::name).collect();
        let mut sampled: Vec<_> = samples().map(|(name, _)| name).collect();
        named.sort_unstable();
        sampled.sort_unstable();
        assert_eq!(named, sampled);
    }

    #[test]
    fn a_shape_carries_a_conversation_id_if_its_sample_does() {
        for (name, sample) in samples() {
            let carried = parameters(sample).conversation_id.is_some();
            assert_eq!(Shape::named(name).unwrap().carries_conversation_id(), carried, "{name}");
        }
    }

    #[test]
    fn the_type_of_a_webhook_follows_from_its_name() {
        for shape in shapes() {
            let (_, sample) = samples().find(|(name, _)| *name == shape.name()).unwrap();
            let body: Value = serde_json::from_str(&shape.body(&parameters(sample))).unwrap();
            let expected = match shape.name().split('-').next().unwrap() {
                "text" | "attachment" | "inbound" => "Text",
                "structured" => "Structured",
                "event" => "Event",
                "receipt" => "Receipt",
                _ => "Unknown",
            };
            assert_eq!(body["type"], expected, "{}", shape.name());
        }
    }
}
