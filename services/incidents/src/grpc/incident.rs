//! Incidents and engagements.

use concord_proto::incidents::{engagement, incident};
use concord_proto::pb::incidents::v1 as pb;
use concord_proto::pb::incidents::v1::incident_service_server::IncidentService;
use concord_server::past::{Found, Listed};
use tonic::{Request, Response, Status};

use super::suspensions_of;
use crate::app::App;

#[tonic::async_trait]
impl IncidentService for App {
    async fn report_incident(
        &self,
        request: Request<pb::ReportIncidentRequest>,
    ) -> Result<Response<pb::ReportIncidentResponse>, Status> {
        self.look().await;
        let written = self.core.write(request, incident::report_from_pb).await?;
        let suspensions = suspensions_of(&written.outcome);
        let incident = Some(incident::incident_to_pb(&written.row));
        Ok(Response::new(pb::ReportIncidentResponse { incident, suspensions, receipt: written.receipt()? }))
    }

    async fn acknowledge_incident(
        &self,
        request: Request<pb::AcknowledgeIncidentRequest>,
    ) -> Result<Response<pb::AcknowledgeIncidentResponse>, Status> {
        let written = self.core.write(request, incident::acknowledge_from_pb).await?;
        let incident = Some(incident::incident_to_pb(&written.row));
        Ok(Response::new(pb::AcknowledgeIncidentResponse { incident, receipt: written.receipt()? }))
    }

    async fn conclude_incident(
        &self,
        request: Request<pb::ConcludeIncidentRequest>,
    ) -> Result<Response<pb::ConcludeIncidentResponse>, Status> {
        self.look().await;
        let written = self.core.write(request, incident::conclude_from_pb).await?;
        let suspensions = suspensions_of(&written.outcome);
        let incident = Some(incident::incident_to_pb(&written.row));
        Ok(Response::new(pb::ConcludeIncidentResponse { incident, suspensions, receipt: written.receipt()? }))
    }

    async fn get_incident(
        &self,
        request: Request<pb::GetIncidentRequest>,
    ) -> Result<Response<pb::GetIncidentResponse>, Status> {
        let pb::GetIncidentRequest { name, as_of } = request.into_inner();
        let Found { row, now: _, as_of } = self.core.get(&name, as_of).await?;
        Ok(Response::new(pb::GetIncidentResponse { incident: Some(incident::incident_to_pb(&row)), as_of }))
    }

    async fn list_incidents(
        &self,
        request: Request<pb::ListIncidentsRequest>,
    ) -> Result<Response<pb::ListIncidentsResponse>, Status> {
        let pb::ListIncidentsRequest { page_size, page_token, as_of } = request.into_inner();
        let Listed { rows, next_page_token, now: _, as_of } =
            self.core.list(page_size, &page_token, as_of).await?;
        let incidents = rows.iter().map(|row| incident::incident_to_pb(row)).collect();
        Ok(Response::new(pb::ListIncidentsResponse { incidents, next_page_token, as_of }))
    }

    async fn file_engagement(
        &self,
        request: Request<pb::FileEngagementRequest>,
    ) -> Result<Response<pb::FileEngagementResponse>, Status> {
        let written = self.core.write(request, engagement::file_from_pb).await?;
        let engagement = Some(engagement::engagement_to_pb(&written.row));
        Ok(Response::new(pb::FileEngagementResponse { engagement, receipt: written.receipt()? }))
    }

    async fn end_engagement_response(
        &self,
        request: Request<pb::EndEngagementResponseRequest>,
    ) -> Result<Response<pb::EndEngagementResponseResponse>, Status> {
        let written = self.core.write(request, engagement::end_response_from_pb).await?;
        let engagement = Some(engagement::engagement_to_pb(&written.row));
        Ok(Response::new(pb::EndEngagementResponseResponse { engagement, receipt: written.receipt()? }))
    }

    async fn list_engagements(
        &self,
        request: Request<pb::ListEngagementsRequest>,
    ) -> Result<Response<pb::ListEngagementsResponse>, Status> {
        let pb::ListEngagementsRequest { page_size, page_token, as_of } = request.into_inner();
        let Listed { rows, next_page_token, now: _, as_of } =
            self.core.list(page_size, &page_token, as_of).await?;
        let engagements = rows.iter().map(|row| engagement::engagement_to_pb(row)).collect();
        Ok(Response::new(pb::ListEngagementsResponse { engagements, next_page_token, as_of }))
    }
}
