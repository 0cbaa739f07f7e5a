# Genesys Cloud for Baton. The provider reads the OAuth client with which it works from
# GENESYSCLOUD_OAUTHCLIENT_ID and GENESYSCLOUD_OAUTHCLIENT_SECRET, and the region from
# GENESYSCLOUD_REGION where none is given here.

terraform {
  required_providers {
    genesyscloud = {
      source = "mypurecloud/genesyscloud"
    }
  }
}

provider "genesyscloud" {
  aws_region = "eu-central-1"
}

# export TF_VAR_webhook_secret="$(openssl rand -base64 32 | tr '+/' '-_' | tr -d '=')"
variable "webhook_secret" {
  description = "What Genesys signs webhooks with; Baton has to know the same."
  type        = string
  sensitive   = true
}

resource "genesyscloud_auth_role" "baton" {
  name        = "Web chat"
  description = "What Baton may do"
  permission_policies {
    domain      = "analytics"
    entity_name = "conversationDetail"
    action_set  = ["view"]
  }
  permission_policies {
    domain      = "conversation"
    entity_name = "communication"
    action_set  = ["disconnect", "view"]
  }
  permission_policies {
    domain      = "conversation"
    entity_name = "message"
    action_set  = ["receive", "view"]
  }
  permission_policies {
    domain      = "messaging"
    entity_name = "integration"
    action_set  = ["view"]
  }
}

# Terraform's own client needs the role too, before it can give it to another one.
resource "genesyscloud_oauth_client" "baton" {
  name                  = "Web chat"
  description           = "Baton"
  authorized_grant_type = "CLIENT-CREDENTIALS"
  roles {
    role_id = genesyscloud_auth_role.baton.id
  }
}

resource "genesyscloud_conversations_messaging_settings" "baton" {
  name = "Web chat"
  event {
    typing {
      on {
        inbound  = "Enabled"
        outbound = "Enabled"
      }
    }
  }
}

resource "genesyscloud_conversations_messaging_supportedcontent" "baton" {
  name = "Web chat"
  media_types {
    allow {
      inbound {
        type = "*/*"
      }
      outbound {
        type = "*/*"
      }
    }
  }
}

resource "genesyscloud_conversations_messaging_integrations_open" "baton" {
  name                                                 = "Web chat"
  supported_content_id                                 = genesyscloud_conversations_messaging_supportedcontent.baton.id
  messaging_setting_id                                 = genesyscloud_conversations_messaging_settings.baton.id
  outbound_notification_webhook_url                    = "https://chat.example.com/webhooks/genesys/acme/support/live/events"
  outbound_notification_webhook_signature_secret_token = var.webhook_secret
}

resource "genesyscloud_routing_queue" "agents" {
  name = "Web chat agents"
}

output "integration_id" {
  value = genesyscloud_conversations_messaging_integrations_open.baton.id
}

output "client_id" {
  value = genesyscloud_oauth_client.baton.client_id
}
