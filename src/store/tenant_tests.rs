//! Tenants in the store: what opens, under which key, and what is never in the file.

use std::{collections::BTreeMap, fs, path::Path};

use baton_core::tenant::TenantKey;
use baton_process::{Random, RandomError};
use zeroize::Zeroizing;

use crate::{MasterKey, Sealing, StoreError, StoredTenant, connection, testing::Fixture};

const SECRET: &str = "a secret that is easy to find";

fn sealing() -> Sealing {
    let random = Random::system();
    Sealing::new(MasterKey::generate(&random).unwrap(), random)
}

fn tenant(account: usize) -> StoredTenant {
    StoredTenant {
        key: TenantKey::new(format!("account-{account}"), "support", "live"),
        document: Zeroizing::new(format!("{account}: {SECRET}").into_bytes()),
        changed_at_ms: 1_700_000_000_000,
    }
}

/// The bytes of each of the store's files but the lock's.
fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let named = |path: std::path::PathBuf| {
        (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap())
    };
    entries.map(named).filter(|(name, _)| !name.ends_with("-shm")).collect()
}

impl Fixture {
    async fn with_tenants(sealing: &Sealing, count: usize) -> Self {
        let fixture = Self::new();
        for number in 0..count {
            fixture.store.put_tenant(sealing, tenant(number)).await.unwrap();
        }
        fixture
    }

    /// Changes the closed file, behind the store's back.
    fn tamper(&self, sql: &str) {
        let path = self.directory.path().join("baton.db");
        connection::open_writer(&path).unwrap().execute_batch(sql).unwrap();
    }
}

#[tokio::test]
async fn tenants_are_there_again_after_a_restart_in_the_order_of_their_keys() {
    let sealing = sealing();
    let mut fixture = Fixture::with_tenants(&sealing, 3).await;
    let changed = StoredTenant { changed_at_ms: 2, ..tenant(1) };
    fixture.store.put_tenant(&sealing, changed.clone()).await.unwrap();
    assert!(fixture.store.remove_tenant(&tenant(0).key).await.unwrap());
    assert!(!fixture.store.remove_tenant(&tenant(0).key).await.unwrap());
    fixture.reopen().await;
    assert_eq!(fixture.store.tenants(&sealing).await.unwrap(), [changed, tenant(2)]);
    assert_eq!(fixture.store.tenant_keys().await.unwrap(), [tenant(1).key, tenant(2).key]);
}

#[tokio::test]
async fn invariant_10_no_secret_of_a_tenant_is_in_a_file_of_the_store() {
    let fixture = Fixture::with_tenants(&sealing(), 20).await;
    let holds = |needle: &str| {
        let found = |(_, bytes): &(String, Vec<u8>)| {
            bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
        };
        files(fixture.directory.path()).into_iter().any(|file| found(&file))
    };
    assert!(holds("account-7"), "what is searched is what was written");
    assert!(!holds(SECRET));
    fixture.store.clone().close().await.unwrap();
    assert!(holds("account-7") && !holds(SECRET));
    assert!(!format!("{:?}", tenant(1)).contains("document"));
}

#[tokio::test]
async fn a_wrong_master_key_is_named_and_changes_nothing() {
    let right = sealing();
    let mut fixture = Fixture::with_tenants(&right, 2).await;
    fixture.reopen().await;
    let before = files(fixture.directory.path());
    let wrong = sealing();
    let refusals = [
        fixture.store.tenants(&wrong).await.map(drop),
        fixture.store.put_tenant(&wrong, tenant(7)).await,
        fixture.store.reseal_tenants(&wrong, &sealing()).await.map(drop),
    ];
    for refused in refusals {
        let error = refused.unwrap_err();
        assert!(matches!(error, StoreError::WrongMasterKey { tenants: 2 }), "{error}");
        assert!(error.to_string().contains("the master key is not the one"), "{error}");
    }
    fixture.store.clone().close().await.unwrap();
    let after = files(fixture.directory.path());
    assert_eq!(before.get("baton.db"), after.get("baton.db"));
    fixture.reopen().await;
    assert_eq!(fixture.store.tenants(&right).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_store_without_tenants_takes_any_master_key() {
    let (first, second) = (sealing(), sealing());
    let fixture = Fixture::with_tenants(&first, 1).await;
    fixture.store.remove_tenant(&tenant(0).key).await.unwrap();
    assert_eq!(fixture.store.tenants(&second).await.unwrap(), []);
    fixture.store.put_tenant(&second, tenant(1)).await.unwrap();
    assert_eq!(fixture.store.tenants(&second).await.unwrap(), [tenant(1)]);
    let error = fixture.store.tenants(&first).await.unwrap_err();
    assert!(matches!(error, StoreError::WrongMasterKey { tenants: 1 }), "{error}");
}

#[tokio::test]
async fn everything_is_sealed_anew_under_another_master_key() {
    let (old, new) = (sealing(), sealing());
    let mut fixture = Fixture::with_tenants(&old, 3).await;
    assert_eq!(fixture.store.reseal_tenants(&old, &new).await.unwrap(), 3);
    fixture.reopen().await;
    let expected = [tenant(0), tenant(1), tenant(2)];
    assert_eq!(fixture.store.tenants(&new).await.unwrap(), expected);
    let error = fixture.store.tenants(&old).await.unwrap_err();
    assert!(matches!(error, StoreError::WrongMasterKey { tenants: 3 }), "{error}");
}

/// What lies sealed in the closed file.
fn sealed_rows(path: &Path) -> Vec<Vec<u8>> {
    let connection = connection::open_reader(path).unwrap();
    let mut statement = connection.prepare("SELECT sealed FROM tenant").unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn what_was_sealed_under_an_older_key_or_removed_is_in_no_file_any_more() {
    let (old, new) = (sealing(), sealing());
    let mut fixture = Fixture::with_tenants(&old, 3).await;
    // One that lies on pages of its own.
    let long = Zeroizing::new(vec![b'x'; 20_000]);
    fixture.store.put_tenant(&old, StoredTenant { document: long, ..tenant(3) }).await.unwrap();
    let path = fixture.directory.path().join("baton.db");
    fixture.store.clone().close().await.unwrap();
    let before = sealed_rows(&path);
    fixture.reopen().await;
    assert!(fixture.store.remove_tenant(&tenant(0).key).await.unwrap());
    assert_eq!(fixture.store.reseal_tenants(&old, &new).await.unwrap(), 3);
    fixture.store.clone().close().await.unwrap();
    let files = files(fixture.directory.path());
    for part in before.iter().flat_map(|sealed| sealed.chunks_exact(32)) {
        let holds = |bytes: &Vec<u8>| bytes.windows(part.len()).any(|window| window == part);
        assert!(!files.values().any(holds));
    }
}

#[tokio::test]
async fn sealing_anew_that_breaks_off_leaves_all_under_the_old_key() {
    let old = sealing();
    let fixture = Fixture::with_tenants(&old, 3).await;
    let left = std::sync::atomic::AtomicUsize::new(2);
    let random = Random::new(move |bytes| {
        let before = left.fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
        bytes.fill(before as u8);
        if before == 0 { Err(RandomError) } else { Ok(()) }
    });
    let new = Sealing::new(MasterKey::generate(&Random::system()).unwrap(), random);
    let error = fixture.store.reseal_tenants(&old, &new).await.unwrap_err();
    assert!(matches!(error, StoreError::Random(_)), "{error}");
    assert_eq!(fixture.store.tenants(&old).await.unwrap().len(), 3);
}

#[tokio::test]
async fn invariant_12_a_row_that_was_moved_or_changed_does_not_open() {
    for tampering in [
        "UPDATE tenant SET account_id = 'moved' WHERE account_id = 'account-1'",
        "UPDATE tenant SET sealed = (SELECT sealed FROM tenant WHERE account_id = 'account-0')",
        "UPDATE tenant SET sealed = substr(sealed, 1, 40)",
        "DELETE FROM master_key_check",
    ] {
        let sealing = sealing();
        let mut fixture = Fixture::with_tenants(&sealing, 2).await;
        fixture.store.clone().close().await.unwrap();
        fixture.tamper(tampering);
        fixture.reopen().await;
        let error = fixture.store.tenants(&sealing).await.unwrap_err();
        let is_told =
            matches!(error, StoreError::Damaged { .. } | StoreError::DamagedTenant { .. });
        assert!(is_told, "{tampering}: {error}");
    }
}
