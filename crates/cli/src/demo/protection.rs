//! Protection: sites and a convoy, protected from the instant of their notification; and what is refused.

use std::time::Instant;

use concord_domain::actor::Role;
use concord_proto::pb::google::r#type::LatLng;
use concord_proto::pb::registry::v1 as pb;
use concord_proto::pb::r#type::v1 as shared;
use tonic::Code;

use super::Step;
use super::checks::window;
use super::lists::expect;
use super::stage::Stage;
use super::tell::Teller;
use crate::session::Who;

const NOTIFY: &str = "concord.registry.v1.ProtectionService/NotifyProtectedEntity";

pub(super) async fn import_sites(stage: &Stage, teller: &Teller, file: Vec<u8>) -> Step {
    use pb::import_protected_entities_request::Content;
    teller.part("A notifier imports health sites: each is protected from the instant that it is recorded.");
    let by = Who::new("notifier", "actor-1", Role::Proposer);
    let began = Instant::now();
    let options = pb::ImportProtectedEntitiesOptions {
        format: pb::SiteListFormat::Geojson.into(),
        accuracy_m: 50.0,
        validate_only: false,
    };
    let chunks: Vec<_> = file.chunks(32 * 1024).map(|chunk| Content::Chunk(chunk.to_vec().into())).collect();
    let messages = std::iter::once(Content::Options(options)).chain(chunks);
    let messages: Vec<_> =
        messages.map(|content| pb::ImportProtectedEntitiesRequest { content: Some(content) }).collect();
    let channel = stage.sessions().channel(&by, "registry").map_err(|status| status.message().to_owned())?;
    let mut client = pb::protection_service_client::ProtectionServiceClient::new(channel);
    let answer = client.import_protected_entities(tokio_stream::iter(messages)).await;
    let mut rows = answer.map_err(|status| format!("import: {}", status.message()))?.into_inner();
    let mut summary = None;
    while let Some(message) = rows.message().await.map_err(|status| status.message().to_owned())? {
        if let Some(pb::import_protected_entities_response::Content::Summary(totals)) = message.content {
            summary = Some(totals);
        }
    }
    let totals = summary.ok_or("the import gave no totals")?;
    let told = format!("{} protected, {} refused", totals.accepted, totals.rejected);
    teller.call(&by, "import health sites as GeoJSON points, 50 m accurate", &told, began);
    if totals.accepted == 0 { Err(format!("the import came out wrong: {told}")) } else { Ok(()) }
}

pub(super) async fn convoy(stage: &Stage, teller: &Teller) -> Step {
    teller.part("A relief convoy is notified: protected at once, then received at centre and at unit level by each party.");
    let by = Who::new("notifier", "actor-1", Role::Proposer);
    let began = Instant::now();
    let request = pb::NotifyMovementRequest {
        movement_id: "relief-1".to_owned(),
        movement: Some(pb::Movement {
            display_name: "Relief convoy".to_owned(),
            kind: pb::MovementKind::Notified.into(),
            plan: Some(plan()),
            vehicle_count: 31,
            person_count: 62,
            ..Default::default()
        }),
        ..Default::default()
    };
    let method = "concord.registry.v1.MovementService/NotifyMovement";
    let answer: pb::NotifyMovementResponse = stage.must(&by, method, request).await?;
    let movement = answer.movement.ok_or("no movement in the answer")?;
    let told =
        format!("{} version {} is {}", movement.name, movement.version, movement.state().as_str_name());
    teller.call(&by, "notify a convoy of 31 vehicles with a buffer of 500 m", &told, began);
    for party in ["party-a", "party-b"] {
        for level in [pb::AcknowledgementLevel::Centre, pb::AcknowledgementLevel::Unit] {
            acknowledge(stage, teller, party, level).await?;
        }
    }
    Ok(())
}

async fn acknowledge(stage: &Stage, teller: &Teller, party: &str, level: pb::AcknowledgementLevel) -> Step {
    let by = Who::new(party, "actor-1", Role::DutyOfficer);
    let began = Instant::now();
    let request = pb::AcknowledgeMovementRequest {
        name: "movements/relief-1".to_owned(),
        version: 1,
        level: level.into(),
        ..Default::default()
    };
    let method = "concord.registry.v1.MovementService/AcknowledgeMovement";
    let answer: pb::AcknowledgeMovementResponse = stage.must(&by, method, request).await?;
    let given = answer.movement.ok_or("no movement in the answer")?.acknowledgements.len();
    teller.call(
        &by,
        &format!("received, {}", level.as_str_name()),
        &format!("{given} acknowledgements"),
        began,
    );
    Ok(())
}

/// Open sea off West Africa, so that no real place is described.
fn plan() -> pb::MovementPlan {
    let at = |latitude, longitude| LatLng { latitude, longitude };
    pb::MovementPlan {
        path: vec![at(0.2, 0.3), at(0.9, 1.1)],
        buffer_m: 500.0,
        window: Some(window(8)),
        altitude_band: None,
    }
}

/// A hospital of the demo.
pub(super) fn hospital(id: &str, latitude: f64, longitude: f64) -> pb::NotifyProtectedEntityRequest {
    let center = Some(LatLng { latitude, longitude });
    let circle = shared::area::Form::Circle(shared::Circle { center, radius_m: 80.0 });
    pb::NotifyProtectedEntityRequest {
        protected_entity_id: id.to_owned(),
        protected_entity: Some(pb::ProtectedEntity {
            display_name: "Hospital".to_owned(),
            category: pb::ProtectedCategory::Medical.into(),
            area: Some(shared::Area { form: Some(circle) }),
            deny_distance_m: 500.0,
            ..Default::default()
        }),
        ..Default::default()
    }
}

pub(super) async fn wrong_fields(stage: &Stage, teller: &Teller) -> Step {
    teller.part("A wrong request is refused with every wrong field named, and writes nothing.");
    let by = Who::new("notifier", "actor-1", Role::Proposer);
    let began = Instant::now();
    let mut request = hospital("Not An Id", 112.5, 36.1);
    if let Some(entity) = &mut request.protected_entity {
        entity.display_name = "Hospital \u{202e}".to_owned();
        entity.deny_distance_m = -1.0;
    }
    let answer: Result<pb::NotifyProtectedEntityResponse, _> =
        stage.sessions().call(&by, NOTIFY, request).await;
    expect(&answer, Code::InvalidArgument, "a request with wrong fields")?;
    let Err(status) = answer else { return Ok(()) };
    let told = status.message().replace(" | ", "\n         ");
    teller.call(&by, "notify a hospital at latitude 112.5, with other faults", &told, began);
    let fields = ["protected_entity_id", "area.circle.center.latitude", "display_name", "deny_distance_m"];
    match fields.into_iter().find(|field| !status.message().contains(field)) {
        Some(field) => Err(format!("the refusal does not name {field}")),
        None => Ok(()),
    }
}

pub(super) async fn forbidden(stage: &Stage, teller: &Teller) -> Step {
    teller.part(
        "A role that may not is told so, whoever asks: an auditor reads everything and writes nothing.",
    );
    let by = Who::new("auditor", "actor-1", Role::Auditor);
    let began = Instant::now();
    let request = hospital("h", 0.5, 0.5);
    let answer: Result<pb::NotifyProtectedEntityResponse, _> =
        stage.sessions().call(&by, NOTIFY, request).await;
    expect(&answer, Code::PermissionDenied, "a write by an auditor")?;
    if let Err(status) = answer {
        teller.call(&by, "notify a hospital", &format!("refused: {}", status.message()), began);
    }
    Ok(())
}
