//! A registry that lies: the real one, but for that it believes every signature, writes into the registry's own ledger with
//! its own key. Rules takes nothing of that in, and permits nothing.

use std::sync::{Arc, Mutex};

use concord_domain::accord::SigningKey;
use concord_domain::actor::{Actor, ParticipantKind, Role};
use concord_domain::consent::Act;
use concord_domain::fold::etag;
use concord_domain::registry::designation::{
    Alias, AliasQuality, Command as DesignationCommand, Decision, Designation, Draft, Kind,
};
use concord_domain::registry::{Command, Event, State};
use concord_domain::signed::{Subject, Verifier};
use concord_proto::pb::rules::v1 as pb;
use concord_server::call::Call;
use concord_server::core::Core;
use concord_server::open::open;
use concord_testkit::Cluster;
use serde_json::json;

use super::setting::*;

/// Takes every envelope for the consent that it is asked for.
#[derive(Debug, Default)]
struct Credulous(Mutex<Vec<u8>>);

impl Credulous {
    fn believe(&self, subject: &Subject) {
        let statement = json!({
            "accord": "accord-1",
            "resource": subject.resource,
            "content_hash": subject.content_hash,
            "expire_time": "2100-01-01T00:00:00Z",
            "request_id": "",
        });
        *self.0.lock().unwrap() = statement.to_string().into_bytes();
    }
}

impl Verifier for Credulous {
    fn payload(&self, _: &str, _: &str, _: &[SigningKey]) -> Result<Vec<u8>, String> {
        Ok(self.0.lock().unwrap().clone())
    }
}

/// What is written into the ledger of a registry that is stopped.
struct Liar {
    core: Core<State>,
    verifier: Arc<Credulous>,
}

impl Liar {
    async fn open(cluster: &Cluster) -> Self {
        let verifier = Arc::new(Credulous::default());
        let (config, state) =
            (cluster.config("registry"), State::new().with_verifier(Arc::clone(&verifier) as _));
        let opened = tokio::task::spawn_blocking(move || open(&config, state, Event::AccordOpened));
        Self { core: opened.await.unwrap().unwrap(), verifier }
    }

    async fn write(&self, by: (&str, &str), command: DesignationCommand) {
        let actor = Actor {
            participant: by.0.into(),
            kind: ParticipantKind::StateParty,
            role: Role::Approver,
            name: by.1.to_owned(),
        };
        let spiffe_id = format!("spiffe://{}.example/approver/{}", by.0, by.1);
        let (request_id, request_digest) = (String::new(), String::new());
        let call = Call { actor, spiffe_id, request_id, request_digest, validate_only: false };
        self.core.submit(call, Command::Designation(command)).await.unwrap();
    }

    fn row(&self, id: &str) -> Arc<Designation> {
        Arc::clone(self.core.snapshot().state.0.designations.get(id).unwrap())
    }

    /// Designates a second group with these envelopes of the parties, made over the thing that is to be signed.
    async fn designate(&self, envelope: impl Fn(&str, &Subject) -> String) {
        let draft = Draft {
            id: "group-2".to_owned(),
            kind: Kind::Group,
            primary_name: "Group two".to_owned(),
            aliases: Vec::new(),
            list_reference: String::new(),
            narrative_reasons: String::new(),
            effective_at: None,
            expires_at: None,
            site: None,
        };
        self.write(("party-a", "actor-1"), DesignationCommand::Propose(draft)).await;
        for party in ["party-a", "party-b"] {
            let row = self.row("group-2");
            let subject = row.subject();
            self.verifier.believe(&subject);
            let approve = DesignationCommand::Decide {
                id: row.id.clone(),
                etag: etag(row.as_ref()).unwrap(),
                decision: Decision::Approve,
                reason: String::new(),
                envelope: envelope(party, &subject),
            };
            self.write((party, "actor-2"), approve).await;
        }
    }

    /// Ratifies "Group two" as a further name of the group that every party has designated.
    async fn rename(&self, envelope: impl Fn(&str, &Subject) -> String) {
        let alias = Alias { name: "Group two".to_owned(), quality: AliasQuality::Strong };
        let propose = DesignationCommand::ProposeAlias { id: "group-1".to_owned(), alias };
        self.write(("party-a", "actor-1"), propose).await;
        for party in ["party-a", "party-b"] {
            let row = self.row("group-1");
            let proposal = row.alias_proposals.last().unwrap();
            let subject = proposal.subject(&row.id, row.version);
            self.verifier.believe(&subject);
            let approve = DesignationCommand::DecideAlias {
                id: row.id.clone(),
                alias_id: proposal.id.clone(),
                etag: etag(proposal).unwrap(),
                decision: Decision::Approve,
                reason: String::new(),
                envelope: envelope(party, &subject),
            };
            self.write((party, "actor-2"), approve).await;
        }
    }

    async fn close(self) {
        tokio::task::spawn_blocking(move || self.core.writer().close()).await.unwrap();
    }
}

/// What a check of an operation against a name comes to.
async fn against(cluster: &Cluster, name: &str) -> (pb::Verdict, Vec<String>) {
    told(&check(cluster, pb::Operation { claimed_group: name.to_owned(), ..operation() }, "").await)
}

/// Every check is denied for want of a registry that can be believed, whatever it is against.
async fn nothing_is_permitted(cluster: &Cluster, what: &str) {
    for name in ["Group two", GROUP] {
        let (verdict, codes) = against(cluster, name).await;
        assert_eq!(verdict, pb::Verdict::Deny, "{what}: {codes:?}");
        assert!(codes.contains(&"REGISTRY_UNAVAILABLE".to_owned()), "{what}: {codes:?}");
    }
}

/// The envelope of party B is made in some other way; that of party A is sound.
fn forged(
    cluster: &Cluster,
    of_b: impl Fn(&Cluster, &Subject) -> String,
) -> impl Fn(&str, &Subject) -> String {
    move |party, subject| match party {
        "party-b" => of_b(cluster, subject),
        _ => cluster.deployment().consent(party, subject).unwrap(),
    }
}

/// In how many ways party B's envelope can be none.
type Forgery = (&'static str, fn(&Cluster, &Subject) -> String);

const FORGERIES: [Forgery; 4] = [
    ("no envelope", |_, _| " ".to_owned()),
    ("the key of party A", |cluster, subject| {
        let of_a = cluster.deployment().consent("party-a", subject).unwrap();
        of_a.replace("party-a-1", "party-b-1")
    }),
    ("another version", |cluster, subject| {
        let other = Subject::of(subject.act, subject.resource.clone(), b"another version");
        cluster.deployment().consent("party-b", &other).unwrap()
    }),
    ("another act", |cluster, subject| {
        let other = Subject { act: Act::LiftSuspension, ..subject.clone() };
        cluster.deployment().consent("party-b", &other).unwrap()
    }),
];

#[tokio::test]
async fn a_registry_that_forges_approvals_gets_every_check_denied() {
    for (number, (what, forgery)) in FORGERIES.into_iter().enumerate() {
        let mut cluster = in_order().await;
        assert_eq!(against(&cluster, GROUP).await.0, pb::Verdict::Permit);
        cluster.stop("registry").await;
        let liar = Liar::open(&cluster).await;
        if number % 2 == 0 {
            liar.designate(forged(&cluster, forgery)).await;
        } else {
            liar.rename(forged(&cluster, forgery)).await;
        }
        liar.close().await;
        cluster.restart("registry").await;
        nothing_is_permitted(&cluster, what).await;
    }
}

#[tokio::test]
async fn what_the_same_way_writes_with_the_signatures_of_all_parties_is_believed() {
    let mut cluster = in_order().await;
    cluster.stop("registry").await;
    let liar = Liar::open(&cluster).await;
    let honest =
        forged(&cluster, |cluster, subject| cluster.deployment().consent("party-b", subject).unwrap());
    liar.rename(honest).await;
    liar.close().await;
    cluster.restart("registry").await;
    for name in ["Group two", GROUP] {
        let (verdict, codes) = against(&cluster, name).await;
        assert_eq!(verdict, pb::Verdict::Permit, "{name}: {codes:?}");
    }
}
