//! Receipts for Genesys: queued once, kept until they are done.

use crate::{
    NewEvent, Receipt, ReceiptStatus, Settlement, StoreError,
    testing::{Fixture, arrived, event, events, failed, message_id, new_session, session_id},
};

impl Fixture {
    /// The receipts that wait, as message ids and statuses.
    async fn receipts(&self) -> Vec<(String, ReceiptStatus)> {
        let receipts = self.store.receipts(0, usize::MAX).await.unwrap();
        assert!(receipts.is_sorted_by_key(|receipt| receipt.number));
        receipts.into_iter().map(|receipt| (receipt.message_id, receipt.status)).collect()
    }

    async fn shown(&self, session: usize, up_to_sequence: u64) -> usize {
        self.store.shown(&session_id(session), up_to_sequence).await.unwrap()
    }
}

fn delivered(events: &[usize]) -> Vec<(String, ReceiptStatus)> {
    events.iter().map(|event| (message_id(*event), ReceiptStatus::Delivered)).collect()
}

fn failure() -> ReceiptStatus {
    ReceiptStatus::Failed { reason: "a-code".to_owned() }
}

#[tokio::test]
async fn each_message_of_an_agent_gets_a_receipt_when_it_is_first_shown() {
    let mut fixture = Fixture::with_sessions(1).await;
    // Each third is a message of an agent.
    fixture.store.append(&session_id(1), events(1..=9), None).await.unwrap();
    assert_eq!(fixture.shown(1, 2).await, 0);
    assert_eq!(fixture.shown(1, 6).await, 2);
    assert_eq!(fixture.shown(1, 6).await, 0);
    assert_eq!(fixture.shown(1, 3).await, 0, "what was shown stays shown");
    fixture.reopen().await;
    assert_eq!(fixture.shown(1, 9).await, 1);
    assert_eq!(fixture.receipts().await, delivered(&[3, 6, 9]));
    let new = new_session(1);
    let expected = Receipt {
        number: 1,
        tenant: new.tenant,
        integration_id: new.integration_id,
        end_user_id: new.end_user_id,
        message_id: message_id(3),
        status: ReceiptStatus::Delivered,
    };
    assert_eq!(fixture.store.receipts(0, 1).await.unwrap(), [expected]);
}

#[tokio::test]
async fn what_is_not_in_the_log_yet_was_not_shown() {
    let fixture = Fixture::with_sessions(1).await;
    assert_eq!(fixture.shown(1, u64::MAX).await, 0);
    fixture.store.append(&session_id(1), events([3]), None).await.unwrap();
    assert_eq!(fixture.receipts().await, []);
    assert_eq!(fixture.shown(1, u64::MAX).await, 1);
    let unknown = fixture.store.shown("nobody", 1).await;
    assert!(matches!(unknown, Err(StoreError::UnknownSession)));
}

#[tokio::test]
async fn a_message_in_several_events_gets_one_receipt() {
    let fixture = Fixture::with_sessions(1).await;
    let parts =
        [1, 2].map(|number| NewEvent { message_id: Some("one".to_owned()), ..event(number) });
    fixture.store.append(&session_id(1), parts.to_vec(), None).await.unwrap();
    assert_eq!(fixture.shown(1, 1).await, 1);
    assert_eq!(fixture.shown(1, 2).await, 0);
}

#[tokio::test]
async fn a_receipt_is_done_once_and_never_queued_again() {
    let mut fixture = Fixture::with_sessions(1).await;
    fixture.store.append(&session_id(1), events([3, 6]), None).await.unwrap();
    fixture.shown(1, 2).await;
    fixture.store.fail_receipt(failed("lost")).await.unwrap();
    assert_eq!(fixture.store.work_counts().await.unwrap().waiting_receipts, 3);
    let waiting = fixture.store.receipts(0, 10).await.unwrap();
    for receipt in [&waiting[0], &waiting[2], &waiting[2]] {
        fixture.store.receipt_done(receipt.number).await.unwrap();
    }
    fixture.store.receipt_done(u64::MAX).await.unwrap();
    fixture.reopen().await;
    fixture.store.fail_receipt(failed("lost")).await.unwrap();
    fixture.shown(1, 2).await;
    assert_eq!(fixture.receipts().await, delivered(&[6]));
    assert_eq!(fixture.store.receipts(waiting[1].number, 10).await.unwrap(), []);
    assert_eq!(fixture.store.work_counts().await.unwrap().waiting_receipts, 1);
}

#[tokio::test]
async fn a_message_gets_at_most_one_receipt_of_each_status() {
    let fixture = Fixture::with_sessions(1).await;
    fixture.store.append(&session_id(1), events([3]), None).await.unwrap();
    fixture.shown(1, 1).await;
    for reason_code in ["first", "second"] {
        let failed = failed(&message_id(3));
        let failed = crate::NewReceipt { reason_code: reason_code.to_owned(), ..failed };
        fixture.store.fail_receipt(failed).await.unwrap();
    }
    let mut expected = delivered(&[3]);
    expected.push((message_id(3), ReceiptStatus::Failed { reason: "first".to_owned() }));
    assert_eq!(fixture.receipts().await, expected);
}

#[tokio::test]
async fn invariant_12_the_same_message_of_two_tenants_gets_a_receipt_for_each() {
    let fixture = Fixture::new();
    for account in ["acme", "other"] {
        let mut failed = failed("message");
        failed.tenant.account_id = account.into();
        fixture.store.fail_receipt(failed).await.unwrap();
    }
    let receipts = fixture.store.receipts(0, 10).await.unwrap();
    let accounts: Vec<_> = receipts.iter().map(|receipt| &*receipt.tenant.account_id).collect();
    assert_eq!(accounts, ["acme", "other"]);
}

#[tokio::test]
async fn a_delivery_that_reached_nobody_is_settled_together_with_its_receipt() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let settle = async |arrival, message_id| {
        let outcome = Settlement::UnknownSession;
        store.settle_with_receipt(arrival, outcome, Some(failed(message_id))).await
    };
    assert!(matches!(settle(1, "early").await, Err(StoreError::UnknownDelivery)));
    for number in 1..=2 {
        store.accept(arrived(number)).await.unwrap();
    }
    settle(1, "lost").await.unwrap();
    settle(1, "lost").await.unwrap();
    store.settle(2, Settlement::NothingToShow).await.unwrap();
    settle(2, "not-lost").await.unwrap();
    assert_eq!(fixture.receipts().await, [("lost".to_owned(), failure())]);
    assert_eq!(store.pending(0, 10).await.unwrap(), []);
}
