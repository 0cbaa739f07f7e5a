//! How a webhook secret is rotated: the new one is taken beside the old one, Genesys is switched
//! once every edge has it, then the old one goes.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use baton_core::{look_up::Policy, tenant::TenantKey};
use baton_genesys::Secret;
use zeroize::Zeroizing;

use super::{
    RotationBegun, RotationEnded, RotationEnding, TenantBook, TenantBookError,
    answer::{TakesEffect, time},
    document::{Document, Rotation},
    sections,
};
use crate::configuration::{Configuration, stored::sealed_value};

impl TenantBook {
    pub(super) async fn begin_rotation(
        &mut self,
        key: &TenantKey<'static>,
        secret: Option<Secret>,
        edge_cache: Option<Duration>,
    ) -> Result<RotationBegun, TenantBookError> {
        let before = self.document_in_effect(key).await?;
        let key = || key.clone();
        let in_use = before.section().signature_secrets();
        let [in_use] = in_use.as_slice() else {
            return Err(match in_use.len() {
                0 => TenantBookError::NoWebhookSecret { key: key() },
                _ => TenantBookError::TwoSecrets { key: key() },
            });
        };
        let (secret, made) = match secret {
            Some(secret) => (secret, false),
            None => (self.fresh_secret()?, true),
        };
        let new = sealed_value(secret.expose());
        if new == *in_use {
            return Err(TenantBookError::SameSecret { key: key() });
        }
        let now = self.clock.now();
        let (in_file, _) = self.source.read()?;
        let edge_cache = edge_cache.unwrap_or_else(|| longest_use(&in_file));
        let begun_at_ms = now.as_millisecond();
        let waits_ms = i64::try_from(edge_cache.as_millis()).unwrap_or(i64::MAX);
        // A time is shown to the second, and is never shown too early.
        let switch_from_ms = begun_at_ms.saturating_add(waits_ms).saturating_add(999);
        let rotation = Rotation { begun_at_ms, switch_from_ms: switch_from_ms / 1000 * 1000 };
        let secrets = vec![new, in_use.clone()];
        let section = before.section().clone().with_signature_secrets(secrets);
        let document = Document::new(section, Some(&before), now).in_rotation(rotation.clone());
        self.replace(&document).await?;
        Ok(RotationBegun {
            tenant: key(),
            secret: made.then(|| secret.expose().to_owned()),
            rotation: (&rotation).into(),
            edge_cache_seconds: edge_cache.as_secs(),
            takes_effect: self.rotates(),
        })
    }

    pub(super) async fn end_rotation(
        &mut self,
        key: &TenantKey<'static>,
        ending: RotationEnding,
    ) -> Result<RotationEnded, TenantBookError> {
        let before = self.document_in_effect(key).await?;
        let switch_from_ms = switch_from_ms(&before)?;
        // The new one stands first.
        let mut secrets = before.section().signature_secrets();
        match ending {
            RotationEnding::Finished => {
                self.check_every_edge_has_it(key, switch_from_ms)?;
                secrets.truncate(1);
            }
            RotationEnding::Forced => secrets.truncate(1),
            RotationEnding::Cancelled => drop(secrets.drain(..1)),
        }
        let section = before.section().clone().with_signature_secrets(secrets);
        self.replace(&Document::new(section, Some(&before), self.clock.now())).await?;
        Ok(RotationEnded { tenant: key.clone(), takes_effect: self.rotates() })
    }

    /// The new secret of a rotation, for Genesys to sign with, once every edge has it.
    pub(super) async fn new_secret(
        &self,
        key: &TenantKey<'static>,
    ) -> Result<Secret, TenantBookError> {
        let document = self.document_in_effect(key).await?;
        self.check_every_edge_has_it(key, switch_from_ms(&document)?)?;
        let secrets = document.section().signature_secrets();
        let newest = secrets.first().and_then(|newest| newest.get("value")?.as_str());
        let newest = newest.map(|newest| Secret::new(newest.to_owned()));
        newest.ok_or_else(|| TenantBookError::NoRotation { key: key.clone() })
    }

    fn check_every_edge_has_it(
        &self,
        key: &TenantKey<'static>,
        switch_from_ms: i64,
    ) -> Result<(), TenantBookError> {
        if self.clock.now().as_millisecond() >= switch_from_ms {
            return Ok(());
        }
        Err(TenantBookError::TooEarly { key: key.clone(), from: time(switch_from_ms) })
    }

    /// The tenant's document, if what stands there is what is served.
    async fn document_in_effect(
        &self,
        key: &TenantKey<'static>,
    ) -> Result<Document, TenantBookError> {
        let entries = self.entries().await?;
        let document = self.find(&entries, key)?.document.clone();
        let waits = self.running.as_ref().is_some_and(|running| running.changed.contains(key));
        if waits { Err(TenantBookError::ChangeWaits { key: key.clone() }) } else { Ok(document) }
    }

    /// Keeps the document, then has the edges take its secrets.
    async fn replace(&self, document: &Document) -> Result<(), TenantBookError> {
        let mut entries = self.entries().await?;
        entries.retain(|entry| entry.document.key() != document.key());
        let mut all = sections(&entries);
        all.push(document.section().clone());
        let (configuration, _) = self.source.with(&all)?;
        self.keep(document, self.clock.now()).await?;
        let tenant = configuration.tenants.into_iter().find(|tenant| tenant.key == *document.key());
        let edge = tenant.and_then(|tenant| tenant.edge);
        if let (Some(running), Some(edge)) = (&self.running, edge) {
            running.edges.change_secrets(document.key(), edge.signature_secrets);
        }
        Ok(())
    }

    /// 32 random bytes in base64url.
    fn fresh_secret(&self) -> Result<Secret, TenantBookError> {
        let bytes = Zeroizing::new(self.random.bytes::<32>()?);
        Ok(Secret::new(URL_SAFE_NO_PAD.encode(*bytes)))
    }

    /// When a change of a secret takes effect.
    fn rotates(&self) -> TakesEffect {
        if self.running.is_some() { TakesEffect::Now } else { TakesEffect::AtRestart }
    }
}

/// From when every edge has the new secret of the rotation that goes on.
fn switch_from_ms(document: &Document) -> Result<i64, TenantBookError> {
    let rotation = document.rotation();
    let switch_from_ms = rotation.map(|rotation| rotation.switch_from_ms);
    switch_from_ms.ok_or_else(|| TenantBookError::NoRotation { key: document.key().clone() })
}

/// For how long an edge may use what it has looked up.
fn longest_use(configuration: &Configuration) -> Duration {
    match configuration.edge_cache {
        // Nobody looks anything up.
        _ if configuration.look_up_credentials.is_empty() => Duration::ZERO,
        Some(configured) => configured,
        None => Duration::from_millis(Policy::default().longest_use()),
    }
}
