//! The ledger as it grows: entries streamed to whoever follows, and the tiles of its tree.

use concord_client::page::groups_from_pb;
use concord_domain::accord::Mode;
use concord_domain::actor::Role;
use concord_ledger::chain::Chain;
use concord_ledger::tree::Tree;
use concord_proto::pb::ledger::v1 as ledger;
use concord_proto::pb::ledger::v1::ledger_service_client::LedgerServiceClient;
use concord_testkit::past::log_of;
use concord_testkit::{Cluster, first};
use tonic::Streaming;
use tonic::transport::Channel;

use super::*;

const NOTIFY: &str = "ProtectionService/NotifyProtectedEntity";

async fn notify(cluster: &Cluster, number: usize) {
    let request = hospital(&format!("h-{number}"));
    let by = first("notifier", Role::Proposer);
    call::<_, pb::NotifyProtectedEntityResponse>(cluster, &by, NOTIFY, request).await.unwrap();
}

fn client(cluster: &Cluster) -> LedgerServiceClient<Channel> {
    let auditor = first("auditor", Role::Auditor);
    LedgerServiceClient::new(cluster.sessions().channel(&auditor, "registry").unwrap())
}

async fn watch(cluster: &Cluster, first_index: u64) -> Streaming<ledger::WatchEntriesResponse> {
    let request = ledger::WatchEntriesRequest { first_index };
    client(cluster).watch_entries(request).await.unwrap().into_inner()
}

/// Takes messages until the chain holds `size` entries, and verifies each group under its checkpoint.
async fn take(
    cluster: &Cluster,
    stream: &mut Streaming<ledger::WatchEntriesResponse>,
    chain: &mut Chain,
    size: u64,
) {
    let log = log_of(cluster, "registry");
    while chain.size() < size {
        let more = stream.message().await.unwrap().expect("the stream goes on");
        let ledger::WatchEntriesResponse { entries, checkpoint, earlier_checkpoints } = more;
        assert!(!entries.is_empty());
        let page = ledger::ListEntriesResponse { entries, checkpoint, earlier_checkpoints };
        for group in groups_from_pb(page).unwrap() {
            group.entries.iter().for_each(|entry| chain.append(entry).unwrap());
            let checkpoint = log.verify(&group.checkpoint).unwrap();
            assert_eq!((checkpoint.size, checkpoint.root), (chain.size(), chain.root()));
        }
    }
}

#[tokio::test]
async fn entries_are_streamed_without_a_gap_to_a_slow_reader_and_to_one_that_comes_back() {
    let mut cluster = Cluster::start(Mode::Operational).await;
    let mut chain = Chain::new("accord-1/registry");
    let mut stream = watch(&cluster, 0).await;
    take(&cluster, &mut stream, &mut chain, 1).await;
    // Nothing of these is taken while they are written.
    for number in 0..40 {
        notify(&cluster, number).await;
    }
    take(&cluster, &mut stream, &mut chain, 21).await;
    drop(stream);
    notify(&cluster, 40).await;
    cluster.stop("registry").await;
    cluster.restart("registry").await;
    let mut stream = watch(&cluster, chain.size()).await;
    take(&cluster, &mut stream, &mut chain, 42).await;
    let waiting = stream.message();
    notify(&cluster, 41).await;
    let last = waiting.await.unwrap().unwrap();
    assert_eq!(last.entries.iter().map(|entry| entry.index).collect::<Vec<_>>(), [42]);
    let beyond = ledger::WatchEntriesRequest { first_index: 44 };
    assert_eq!(reason(client(&cluster).watch_entries(beyond).await.map(drop)), "INVALID_ARGUMENT");
}

#[tokio::test]
async fn the_tiles_of_a_ledger_hold_its_tree() {
    let cluster = Cluster::start(Mode::Operational).await;
    for number in 0..260 {
        notify(&cluster, number).await;
    }
    let mut asked = client(&cluster);
    let mut tile = async |level, index, width| {
        let request = ledger::GetTileRequest { level, index, width };
        let answer = asked.get_tile(request).await?.into_inner();
        Ok::<Vec<[u8; 32]>, Status>(answer.hashes.chunks(32).map(|hash| hash.try_into().unwrap()).collect())
    };
    let full = tile(0, 0, 0).await.unwrap();
    let edge = tile(0, 1, 5).await.unwrap();
    assert_eq!((full.len(), edge.len()), (256, 5));
    let mut tree = Tree::new();
    full.iter().for_each(|leaf| tree.append(*leaf));
    assert_eq!(tile(1, 0, 1).await.unwrap(), [tree.root()], "a hash of the next level covers a full tile");
    edge.iter().for_each(|leaf| tree.append(*leaf));
    for (level, index, width) in [(0, 1, 6), (0, 1, 0), (0, 2, 1), (1, 0, 2), (0, 0, 257), (64, 0, 1)] {
        assert_eq!(reason(tile(level, index, width).await), "INVALID_ARGUMENT", "{level} {index} {width}");
    }
    let head = client(&cluster).get_head(ledger::GetHeadRequest {}).await.unwrap().into_inner();
    assert_eq!(head.head.unwrap().root, tree.root().to_vec());
}
