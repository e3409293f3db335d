//! Imports on the wire: options first, then the file in chunks; each row comes back, and the totals last.

use std::collections::BTreeSet;
use std::pin::Pin;

use concord_domain::errors::{Reason, Refusal, Violation};
use concord_domain::registry::protection::distance_violation;
use concord_proto::pb::registry::v1 as pb;
use concord_server::call::{Call, peer_of};
use concord_server::limits::IMPORT_FILE_MAX_BYTES;
use concord_server::status::status;
use tokio_stream::Stream;
use tonic::{Request, Response, Status, Streaming};

use crate::app::App;
use crate::app::import::{Imported, ImportedRow, RowOutcome};

type Answer<T> = Result<Response<Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>>, Status>;

pub(super) async fn designations(
    app: &App,
    request: Request<Streaming<pb::ImportDesignationsRequest>>,
) -> Answer<pb::ImportDesignationsResponse> {
    use pb::import_designations_request::Content;
    use pb::import_designations_response::Content as Told;
    let peer = peer_of(&request).map_err(status)?;
    let mut stream = request.into_inner();
    let part = |message: pb::ImportDesignationsRequest| {
        message.content.map(|content| match content {
            Content::Options(options) => Part::Options(options),
            Content::Chunk(chunk) => Part::Chunk(chunk),
        })
    };
    let pb::ImportDesignationsOptions { format, validate_only, references } =
        options(&mut stream, part).await?;
    if format != i32::from(pb::DesignationListFormat::UnXml) {
        return Err(status(Refusal::invalid(vec![unknown_format(format)])));
    }
    let file = file(&mut stream, part).await?;
    let references: BTreeSet<String> = references.into_iter().collect();
    let call = Call::of_import(&peer, validate_only);
    let imported = app.import_designations(&call, &file, &references).await.map_err(status)?;
    let (rows, summary) = told(imported);
    let rows = rows.into_iter().map(Told::Row).chain([Told::Summary(summary)]);
    let messages: Vec<_> =
        rows.map(|content| Ok(pb::ImportDesignationsResponse { content: Some(content) })).collect();
    Ok(Response::new(Box::pin(tokio_stream::iter(messages))))
}

pub(super) async fn protected_entities(
    app: &App,
    request: Request<Streaming<pb::ImportProtectedEntitiesRequest>>,
) -> Answer<pb::ImportProtectedEntitiesResponse> {
    use pb::import_protected_entities_request::Content;
    use pb::import_protected_entities_response::Content as Told;
    let peer = peer_of(&request).map_err(status)?;
    let mut stream = request.into_inner();
    let part = |message: pb::ImportProtectedEntitiesRequest| {
        message.content.map(|content| match content {
            Content::Options(options) => Part::Options(options),
            Content::Chunk(chunk) => Part::Chunk(chunk),
        })
    };
    let pb::ImportProtectedEntitiesOptions { format, accuracy_m, validate_only } =
        options(&mut stream, part).await?;
    let unknown = (format != i32::from(pb::SiteListFormat::Geojson)).then(|| unknown_format(format));
    let found = unknown.into_iter().chain(distance_violation("options.accuracy_m", accuracy_m));
    Refusal::unless_valid(found.collect()).map_err(status)?;
    let file = file(&mut stream, part).await?;
    let call = Call::of_import(&peer, validate_only);
    let imported = app.import_sites(&call, &file, accuracy_m).await.map_err(status)?;
    let (rows, summary) = told(imported);
    let rows = rows.into_iter().map(Told::Row).chain([Told::Summary(summary)]);
    let messages: Vec<_> =
        rows.map(|content| Ok(pb::ImportProtectedEntitiesResponse { content: Some(content) })).collect();
    Ok(Response::new(Box::pin(tokio_stream::iter(messages))))
}

/// What one message of an import carries.
enum Part<O> {
    Options(O),
    Chunk(bytes::Bytes),
}

async fn options<M, O>(stream: &mut Streaming<M>, part: impl Fn(M) -> Option<Part<O>>) -> Result<O, Status> {
    match stream.message().await?.and_then(part) {
        Some(Part::Options(options)) => Ok(options),
        Some(Part::Chunk(_)) | None => Err(status(options_first())),
    }
}

async fn file<M, O>(
    stream: &mut Streaming<M>,
    part: impl Fn(M) -> Option<Part<O>>,
) -> Result<Vec<u8>, Status> {
    let mut file = Vec::new();
    while let Some(message) = stream.message().await? {
        match part(message) {
            Some(Part::Chunk(chunk)) => append(&mut file, &chunk).map_err(status)?,
            Some(Part::Options(_)) | None => return Err(status(options_first())),
        }
    }
    Ok(file)
}

fn options_first() -> Refusal {
    let remedy = "send the options first, then the file in chunks";
    Refusal::invalid(vec![Violation::new(
        "content",
        "options in the first message, chunks in all others",
        "",
        remedy,
    )])
}

fn unknown_format(number: i32) -> Violation {
    Violation::new("options.format", "a stated format", number, "look the formats up by reflection")
}

fn append(file: &mut Vec<u8>, chunk: &[u8]) -> Result<(), Refusal> {
    if file.len().saturating_add(chunk.len()) > IMPORT_FILE_MAX_BYTES {
        let message = format!("the file is larger than {IMPORT_FILE_MAX_BYTES} bytes; import it in parts");
        return Err(Refusal::new(Reason::FileUnreadable, message));
    }
    file.extend_from_slice(chunk);
    Ok(())
}

fn told(imported: Imported) -> (Vec<pb::ImportRow>, pb::ImportSummary) {
    let Imported { rows, persons_left_out } = imported;
    let count =
        |outcome| u32::try_from(rows.iter().filter(|row| row.outcome == outcome).count()).unwrap_or(u32::MAX);
    let summary = pb::ImportSummary {
        rows: u32::try_from(rows.len()).unwrap_or(u32::MAX),
        accepted: count(RowOutcome::Accepted),
        skipped: count(RowOutcome::Skipped),
        rejected: count(RowOutcome::Rejected),
        persons_left_out,
    };
    (rows.into_iter().map(row_to_pb).collect(), summary)
}

fn row_to_pb(row: ImportedRow) -> pb::ImportRow {
    let ImportedRow { row, key, outcome, resource, reason } = row;
    let outcome = match outcome {
        RowOutcome::Accepted => pb::ImportOutcome::Accepted,
        RowOutcome::Skipped => pb::ImportOutcome::Skipped,
        RowOutcome::Rejected => pb::ImportOutcome::Rejected,
    };
    pb::ImportRow { row, key, outcome: outcome.into(), resource, reason }
}
