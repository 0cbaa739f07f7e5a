//! What is wanted, as configuration for the Terraform provider of Genesys Cloud.
//!
//! The resources and their arguments are those that the provider documents
//! (registry: `mypurecloud/genesyscloud`). It has none for the message routing, and a flow is drawn
//! by a person: both are left to `baton setup --apply` or the checklist.

use std::{collections::BTreeMap, fmt::Write};

use baton_genesys::Feature;

/// What the configuration is made of.
#[derive(Clone, Copy, Debug)]
pub struct TerraformInput<'a> {
    /// The name of the integration, and of what belongs to it.
    pub name: &'a str,
    /// Where the webhooks go.
    pub webhook_url: &'a str,
    /// The agents' queue, if one is to be made.
    pub queue: Option<&'a str>,
    /// The bot's queue, if one is to be made.
    pub bot_queue: Option<&'a str>,
    /// What the role has to allow.
    pub features: &'a [Feature],
    /// The AWS region of the org, such as `eu-central-1`, where it is known.
    pub aws_region: Option<&'a str>,
}

/// The configuration. The secret of the webhooks is a variable in it, never a literal.
pub fn terraform(input: &TerraformInput<'_>) -> String {
    let region = match input.aws_region {
        Some(region) => format!("  aws_region = {}\n", quoted(region)),
        None => String::new(),
    };
    let name = quoted(input.name);
    let role = role(&name, input.features);
    let queues = [("bot", input.bot_queue), ("agents", input.queue)];
    let queues = queues.map(|(of, name)| name.map(|name| queue(of, name)).unwrap_or_default());
    let queues = queues.concat();
    let url = quoted(input.webhook_url);
    format!(
        r#"# Genesys Cloud for Baton. The provider reads the OAuth client with which it works from
# GENESYSCLOUD_OAUTHCLIENT_ID and GENESYSCLOUD_OAUTHCLIENT_SECRET, and the region from
# GENESYSCLOUD_REGION where none is given here.

terraform {{
  required_providers {{
    genesyscloud = {{
      source = "mypurecloud/genesyscloud"
    }}
  }}
}}

provider "genesyscloud" {{
{region}}}

# export TF_VAR_webhook_secret="$(openssl rand -base64 32 | tr '+/' '-_' | tr -d '=')"
variable "webhook_secret" {{
  description = "What Genesys signs webhooks with; Baton has to know the same."
  type        = string
  sensitive   = true
}}

{role}
# Terraform's own client needs the role too, before it can give it to another one.
resource "genesyscloud_oauth_client" "baton" {{
  name                  = {name}
  description           = "Baton"
  authorized_grant_type = "CLIENT-CREDENTIALS"
  roles {{
    role_id = genesyscloud_auth_role.baton.id
  }}
}}

resource "genesyscloud_conversations_messaging_settings" "baton" {{
  name = {name}
  event {{
    typing {{
      on {{
        inbound  = "Enabled"
        outbound = "Enabled"
      }}
    }}
  }}
}}

resource "genesyscloud_conversations_messaging_supportedcontent" "baton" {{
  name = {name}
  media_types {{
    allow {{
      inbound {{
        type = "*/*"
      }}
      outbound {{
        type = "*/*"
      }}
    }}
  }}
}}

resource "genesyscloud_conversations_messaging_integrations_open" "baton" {{
  name                                                 = {name}
  supported_content_id                                 = genesyscloud_conversations_messaging_supportedcontent.baton.id
  messaging_setting_id                                 = genesyscloud_conversations_messaging_settings.baton.id
  outbound_notification_webhook_url                    = {url}
  outbound_notification_webhook_signature_secret_token = var.webhook_secret
}}
{queues}
output "integration_id" {{
  value = genesyscloud_conversations_messaging_integrations_open.baton.id
}}

output "client_id" {{
  value = genesyscloud_oauth_client.baton.client_id
}}
"#
    )
}

fn queue(of: &str, name: &str) -> String {
    let name = quoted(name);
    format!(
        r#"
resource "genesyscloud_routing_queue" "{of}" {{
  name = {name}
}}
"#
    )
}

/// One policy for each kind of thing, with all that may be done with it.
fn role(name: &str, features: &[Feature]) -> String {
    let mut policies: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for permission in Feature::permissions_of(features) {
        let actions = policies.entry((permission.domain, permission.entity)).or_default();
        actions.push(quoted(permission.action));
    }
    let mut role = format!(
        "resource \"genesyscloud_auth_role\" \"baton\" {{\n  name        = {name}\n  \
         description = \"What Baton may do\"\n"
    );
    for ((domain, entity), actions) in policies {
        // Writing into a String cannot fail.
        let _ = write!(
            role,
            r#"  permission_policies {{
    domain      = "{domain}"
    entity_name = "{entity}"
    action_set  = [{}]
  }}
"#,
            actions.join(", ")
        );
    }
    role.push_str("}\n");
    role
}

/// The text as a literal, in which nothing is a template.
fn quoted(text: &str) -> String {
    let mut literal = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => literal.push_str("\\\""),
            '\\' => literal.push_str("\\\\"),
            '\n' => literal.push_str("\\n"),
            letter if letter.is_control() => {
                let _ = write!(literal, "\\u{:04x}", u32::from(letter));
            }
            letter => literal.push(letter),
        }
    }
    literal.push('"');
    literal.replace("${", "$${").replace("%{", "%%{")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_leaves_its_literal() {
        let cases = [
            ("Web chat", r#""Web chat""#),
            ("a\"b\\c", r#""a\"b\\c""#),
            ("${file(\"x\")} %{ if }", r#""$${file(\"x\")} %%{ if }""#),
            ("a\nb\u{7}", r#""a\nb\u0007""#),
        ];
        for (name, literal) in cases {
            assert_eq!(quoted(name), literal);
        }
    }
}
