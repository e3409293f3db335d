//! Services that lie: a real one, but for that it believes every signature, writes into the registry's or incidents' own
//! ledger with its own key. Nothing of that is taken in, and nothing is permitted.

use std::sync::{Arc, Mutex};

use concord_domain::accord::{AccordOpened, SigningKey};
use concord_domain::actor::{Actor, ParticipantKind, Role};
use concord_domain::consent::Act;
use concord_domain::fold::{Fold, etag};
use concord_domain::incidents as incidents_domain;
use concord_domain::incidents::cooperation::Command::ConsentToLift;
use concord_domain::registry::designation::{
    Alias, AliasQuality, Command as DesignationCommand, Decision, Designation, Draft, Kind,
};
use concord_domain::registry::{Command, Event, State, area, non_target, protection};
use concord_domain::signed::{Subject, Verifier};
use concord_proto::pb::incidents::v1 as incidents;
use concord_proto::pb::registry::v1 as registry;
use concord_proto::pb::rules::v1 as pb;
use concord_server::call::Call;
use concord_server::core::Core;
use concord_server::open::open;
use concord_testkit::{Cluster, first};
use serde_json::json;

use super::cooperation::suspend_operations;
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

/// What is written into the ledger of a service that is stopped.
struct Liar<D: Fold> {
    core: Core<D>,
    verifier: Arc<Credulous>,
}

impl Liar<State> {
    async fn open(cluster: &Cluster) -> Self {
        let verifier = Arc::new(Credulous::default());
        let state = State::new().with_verifier(Arc::clone(&verifier) as _);
        Self { core: opened(cluster, state, Event::AccordOpened).await, verifier }
    }
}

async fn opened<D: Fold>(cluster: &Cluster, state: D, opening: fn(Box<AccordOpened>) -> D::Event) -> Core<D> {
    let config = cluster.config(D::SERVICE);
    let opened = tokio::task::spawn_blocking(move || open(&config, state, opening));
    opened.await.unwrap().unwrap()
}

impl<D: Fold> Liar<D> {
    async fn write(&self, by: (&str, &str), command: impl Into<D::Command>) {
        let actor = Actor {
            participant: by.0.into(),
            kind: ParticipantKind::StateParty,
            role: Role::Approver,
            name: by.1.to_owned(),
        };
        let spiffe_id = format!("spiffe://{}.example/approver/{}", by.0, by.1);
        let (request_id, request_digest) = (String::new(), String::new());
        let call = Call { actor, spiffe_id, request_id, request_digest, validate_only: false };
        self.core.submit(call, command.into()).await.unwrap();
    }

    /// The state that it has made up.
    fn state(&self) -> D {
        self.core.snapshot().state.0.clone()
    }

    async fn close(self) {
        tokio::task::spawn_blocking(move || self.core.writer().close()).await.unwrap();
    }
}

impl Liar<State> {
    fn row(&self, id: &str) -> Arc<Designation> {
        Arc::clone(self.state().designations.get(id).unwrap())
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

    /// Removes the clinic, gives up where it was, ends the ceasefire, and takes the group from the list of those that are no
    /// targets, each by consents of the parties' two actors.
    async fn expose(&self, what: Falling, envelope: impl Fn(&str, &Subject) -> String) {
        let begun = [("party-a", "actor-1"), ("party-a", "actor-2"), ("party-b", "actor-2")];
        let by = if what == Falling::FormerPlace { &begun[1..] } else { &begun[..] };
        for by in by {
            let state = self.state();
            let entity = state.protected_entities.get("clinic-1").unwrap();
            let (area, group) =
                (state.areas.get("area-1").unwrap(), state.non_target_groups.get("group-3").unwrap());
            let subject = match what {
                Falling::Entity => entity.removal_subject(),
                Falling::FormerPlace => entity.former_places_subject(),
                Falling::Area => area.end_subject(),
                Falling::Group => group.removal_subject(),
            };
            self.verifier.believe(&subject);
            let envelope = if by.1 == "actor-1" { String::new() } else { envelope(by.0, &subject) };
            let (etag_of_entity, reason) = (etag(entity.as_ref()).unwrap(), "As agreed".to_owned());
            let id = "clinic-1".to_owned();
            let command: Command = match what {
                Falling::Entity => {
                    protection::Command::ConsentToRemoval { id, etag: etag_of_entity, reason, envelope }
                        .into()
                }
                Falling::FormerPlace => {
                    protection::Command::GiveUpFormerPlace { id, etag: etag_of_entity, envelope }.into()
                }
                Falling::Area => {
                    let (id, etag) = ("area-1".to_owned(), etag(area.as_ref()).unwrap());
                    area::Command::ConsentToEnd { id, etag, envelope }.into()
                }
                Falling::Group => {
                    let (id, etag) = ("group-3".to_owned(), etag(group.as_ref()).unwrap());
                    non_target::Command::ConsentToRemoval { id, etag, envelope }.into()
                }
            };
            self.write(*by, command).await;
        }
    }
}

/// What a lying registry lets fall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Falling {
    Entity,
    FormerPlace,
    Area,
    Group,
}

/// What a check of an operation against a name comes to.
async fn against(cluster: &Cluster, name: &str) -> (pb::Verdict, Vec<String>) {
    told(&check(cluster, pb::Operation { claimed_group: name.to_owned(), ..operation() }, "").await)
}

/// Every check is denied for want of a registry that can be believed, whatever it is against.
async fn nothing_is_permitted(cluster: &Cluster, what: &str, because: &str) {
    for name in ["Group two", GROUP] {
        let (verdict, codes) = against(cluster, name).await;
        assert_eq!(verdict, pb::Verdict::Deny, "{what}: {codes:?}");
        assert!(codes.contains(&because.to_owned()), "{what}: {codes:?}");
    }
}

/// A clinic that has moved, a ceasefire and a group that is no target, all far from every operation.
async fn with_what_protects() -> Cluster {
    let cluster = in_order().await;
    notify_distant_clinic(&cluster).await;
    let by = first("party-a", Role::Proposer);
    let request =
        registry::GetProtectedEntityRequest { name: "protectedEntities/clinic-1".to_owned(), as_of: None };
    let method = "registry.v1.ProtectionService/GetProtectedEntity";
    let read: registry::GetProtectedEntityResponse = call(&cluster, &by, method, request).await.unwrap();
    let read = read.protected_entity.unwrap();
    let moved = registry::ProtectedEntity { area: Some(circle(0.53, 0.5, 50.0)), ..read.clone() };
    let request = registry::AmendProtectedEntityRequest {
        protected_entity: Some(moved),
        etag: read.etag,
        ..Default::default()
    };
    let method = "registry.v1.ProtectionService/AmendProtectedEntity";
    call::<_, registry::AmendProtectedEntityResponse>(&cluster, &by, method, request).await.unwrap();
    let request = registry::DeclareAreaRequest {
        area_id: "area-1".to_owned(),
        area: Some(registry::RestrictedArea {
            display_name: "Ceasefire".to_owned(),
            kind: registry::RestrictedAreaKind::Ceasefire.into(),
            area: Some(circle(2.0, 2.0, 500.0)),
            ..Default::default()
        }),
        ..Default::default()
    };
    let method = "registry.v1.AreaService/DeclareArea";
    call::<_, registry::DeclareAreaResponse>(&cluster, &by, method, request).await.unwrap();
    let request = registry::NameNonTargetGroupRequest {
        non_target_group_id: "group-3".to_owned(),
        non_target_group: Some(registry::NonTargetGroup {
            primary_name: "Group three".to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let method = "registry.v1.NonTargetService/NameNonTargetGroup";
    call::<_, registry::NameNonTargetGroupResponse>(&cluster, &by, method, request).await.unwrap();
    cluster
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
        let act = if subject.act == Act::Designate { Act::LiftSuspension } else { Act::Designate };
        let other = Subject { act, ..subject.clone() };
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
        nothing_is_permitted(&cluster, what, "REGISTRY_UNAVAILABLE").await;
        // The same after a start on what was kept of it.
        cluster.stop("rules").await;
        cluster.restart("rules").await;
        nothing_is_permitted(&cluster, what, "REGISTRY_UNAVAILABLE").await;
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

const ALL_THAT_FALLS: [Falling; 4] = [Falling::Entity, Falling::FormerPlace, Falling::Area, Falling::Group];

#[tokio::test]
async fn a_registry_that_forges_consents_to_what_protects_gets_every_check_denied() {
    for (falling, (forgery, forged_by)) in ALL_THAT_FALLS.into_iter().zip(FORGERIES) {
        let what = format!("{falling:?} over {forgery}");
        let mut cluster = with_what_protects().await;
        assert_eq!(against(&cluster, GROUP).await.0, pb::Verdict::Permit, "{what}");
        cluster.stop("registry").await;
        let liar = Liar::open(&cluster).await;
        liar.expose(falling, forged(&cluster, forged_by)).await;
        liar.close().await;
        cluster.restart("registry").await;
        nothing_is_permitted(&cluster, &what, "REGISTRY_UNAVAILABLE").await;
        // Whoever does not believe the registry still carries the line, also after a start on what was kept of it.
        cluster.stop("incidents").await;
        cluster.restart("incidents").await;
        let draft = incidents::HotlineMessage {
            precedence: incidents::Precedence::Flash.into(),
            body: "Stop".to_owned(),
            ..Default::default()
        };
        let request = incidents::SendMessageRequest { message: Some(draft), ..Default::default() };
        let method = "incidents.v1.HotlineService/SendMessage";
        call::<_, incidents::SendMessageResponse>(&cluster, &officer(), method, request).await.unwrap();
    }
}

#[tokio::test]
async fn what_falls_in_the_same_way_over_the_signatures_of_all_parties_is_believed() {
    let mut cluster = with_what_protects().await;
    cluster.stop("registry").await;
    let liar = Liar::open(&cluster).await;
    for falling in [Falling::FormerPlace, Falling::Entity, Falling::Area, Falling::Group] {
        let honest =
            forged(&cluster, |cluster, subject| cluster.deployment().consent("party-b", subject).unwrap());
        liar.expose(falling, honest).await;
    }
    liar.close().await;
    cluster.restart("registry").await;
    let (verdict, codes) = against(&cluster, GROUP).await;
    assert_eq!(verdict, pb::Verdict::Permit, "{codes:?}");
}

/// A liar in the ledger of incidents, which lifts the one suspension that stands.
async fn lift(cluster: &Cluster, envelope: impl Fn(&str, &Subject) -> String) {
    let verifier = Arc::new(Credulous::default());
    let state = incidents_domain::State::default().with_verifier(Arc::clone(&verifier) as _);
    let core = opened(cluster, state, incidents_domain::Event::AccordOpened).await;
    let liar = Liar { core, verifier };
    for party in ["party-a", "party-b"] {
        let suspension = Arc::clone(liar.state().suspensions.iter().next().unwrap());
        let subject = suspension.lift_subject();
        liar.verifier.believe(&subject);
        let command = ConsentToLift {
            id: suspension.id.clone(),
            corrective_action: "As agreed".to_owned(),
            envelope: envelope(party, &subject),
        };
        liar.write((party, "actor-2"), command).await;
    }
    liar.close().await;
}

/// Operations are suspended with party A, by party B.
async fn suspended() -> Cluster {
    let cluster = in_order().await;
    suspend_operations(&cluster).await;
    let (verdict, codes) = against(&cluster, GROUP).await;
    assert_eq!((verdict, codes), (pb::Verdict::Deny, vec!["PARTY_SUSPENDED".to_owned()]));
    cluster
}

#[tokio::test]
async fn a_lying_incidents_ledger_that_forges_a_lifting_gets_every_check_denied() {
    for (what, forgery) in FORGERIES {
        let mut cluster = suspended().await;
        cluster.stop("incidents").await;
        lift(&cluster, forged(&cluster, forgery)).await;
        cluster.restart("incidents").await;
        nothing_is_permitted(&cluster, what, "INCIDENTS_UNAVAILABLE").await;
    }
}

#[tokio::test]
async fn a_lifting_that_is_written_in_the_same_way_over_the_signatures_of_all_parties_is_believed() {
    let mut cluster = suspended().await;
    cluster.stop("incidents").await;
    let honest =
        forged(&cluster, |cluster, subject| cluster.deployment().consent("party-b", subject).unwrap());
    lift(&cluster, honest).await;
    cluster.restart("incidents").await;
    let (verdict, codes) = against(&cluster, GROUP).await;
    assert_eq!(verdict, pb::Verdict::Permit, "{codes:?}");
}
