//! Callers who give up within 20 ms: whatever they call is carried out whole or not at all, and holds up nobody who calls
//! after them.

use std::time::Duration;

use concord_cli::Who;
use concord_domain::actor::Role;
use concord_ledger::receipt::Receipt;
use concord_proto::pb::ledger::v1 as ledger;
use concord_proto::pb::ledger::v1::ledger_service_client::LedgerServiceClient;
use concord_testkit::first;
use prost_reflect::MethodDescriptor;
use serde_json::Value;
use tonic::transport::Channel;

use crate::play::Play;

/// Longest that a caller waits before it gives up.
const PATIENCE_US: u64 = 20_000;
/// Longest that a call after it may take.
const ANSWERED_WITHIN: Duration = Duration::from_secs(10);

/// When callers give up, and what came of it.
pub(crate) struct Impatient {
    dice: fastrand::Rng,
    given_up: u64,
    answered: u64,
    carried_out: u64,
}

impl Play {
    /// The same, with each call of a method that writes given up once before it is made. The seed is that of the torture.
    pub(crate) fn impatient(mut self) -> Self {
        let seed = std::env::var("CONCORD_TORTURE_SEED").ok().and_then(|seed| seed.parse().ok());
        let dice = fastrand::Rng::with_seed(seed.unwrap_or_default());
        let impatient = Impatient { dice, given_up: 0, answered: 0, carried_out: 0 };
        self.impatient = Some(impatient);
        self
    }

    /// Says what was counted, in lines that the torture reads.
    pub(crate) fn tell(&self) {
        let Impatient { dice: _, given_up, answered, carried_out } = self.impatient.as_ref().unwrap();
        assert!(*given_up > 0);
        println!("counted: {given_up} calls given up");
        println!("counted: {carried_out} of those carried out when they were made again");
        println!("counted: {answered} answered before they were given up");
    }

    /// Makes a call and gives it up; gives the number of entries before it, where callers are impatient.
    pub(crate) async fn given_up(
        &mut self,
        by: &Who,
        method: &MethodDescriptor,
        request: &Value,
    ) -> Option<u64> {
        let dice = &mut self.impatient.as_mut()?.dice;
        // Most calls are answered long before the longest patience ends.
        let most = PATIENCE_US >> dice.u32(..6);
        let patience = dice.u64(..=most);
        let before = self.size().await;
        let call = self.call(by, method, request);
        let ended = tokio::time::timeout(Duration::from_micros(patience), call).await;
        let grown = self.size().await > before;
        let impatient = self.impatient.as_mut()?;
        match ended {
            Ok(_) => impatient.answered += 1,
            Err(_) => impatient.given_up += 1,
        }
        impatient.carried_out += u64::from(ended.is_err() && grown);
        Some(before)
    }

    /// A request that was made again after it was given up stands in the ledger once, in one piece, from where its answer
    /// says.
    pub(crate) async fn once(&self, before: u64, request: &Value, answer: &Value) {
        let Some(id) = request["request_id"].as_str() else { return };
        let Some(json) = answer["receipt"]["json"].as_str() else { return };
        let receipt = Receipt::from_json(json.as_bytes()).unwrap();
        let (mut next, mut found) = (before, Vec::new());
        let mut client = self.ledger();
        loop {
            let asked = ledger::ListEntriesRequest { first_index: next, page_size: 0 };
            let page = client.list_entries(asked).await.unwrap().into_inner();
            let Some(last) = page.entries.last() else { break };
            next = last.index + 1;
            for entry in &page.entries {
                let header: Value = serde_json::from_slice(&entry.header).unwrap();
                if header["request_id"] == id {
                    found.push(entry.index);
                }
            }
        }
        let due: Vec<u64> = (receipt.index..).take(found.len()).collect();
        assert!(
            !found.is_empty() && found == due,
            "{request}: {found:?}, the receipt is of {}",
            receipt.index
        );
    }

    async fn size(&self) -> u64 {
        let head = self.ledger().get_head(ledger::GetHeadRequest {}).await.unwrap().into_inner();
        head.head.unwrap().size
    }

    fn ledger(&self) -> LedgerServiceClient<Channel> {
        let channel = self.cluster.sessions().channel(&first("auditor", Role::Auditor), self.service);
        LedgerServiceClient::new(channel.unwrap())
    }

    /// Waits for an answer, but not for ever: what a caller who gave up holds would show here.
    pub(crate) async fn in_time<T>(&self, answer: impl Future<Output = T>) -> T {
        tokio::time::timeout(ANSWERED_WITHIN, answer).await.expect("an answer in time")
    }
}
