//! Profiles of supported content: which attachments pass. The shape is `SupportedContent` of
//! Genesys' SDK.

use serde_json::json;

use super::reference::Reference;
use crate::{call::Call, client::Genesys, error::CallError, rate_limit::Class};

const PATH: [&str; 3] = ["conversations", "messaging", "supportedcontent"];

impl Genesys {
    /// All profiles of supported content that the OAuth client may see.
    pub async fn supported_content_profiles(&self) -> Result<Vec<Reference>, CallError> {
        self.pages(Call::get("listing the supported content", Class::Name, &PATH)).await
    }

    /// Makes a profile of the name that lets these media types pass both ways, such as `image/*`.
    pub async fn create_supported_content(
        &self,
        name: &str,
        media_types: &[&str],
    ) -> Result<Reference, CallError> {
        let allowed: Vec<_> = media_types.iter().map(|media| json!({ "type": media })).collect();
        let body = json!({
            "name": name,
            "mediaTypes": { "allow": { "inbound": allowed, "outbound": allowed } },
        });
        let call = Call::post("making the supported content", Class::Name, &PATH);
        self.read(call.with_body(&body)).await
    }
}
