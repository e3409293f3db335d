//! What a name denotes.

use concord_proto::pb::registry::v1 as pb;
use concord_proto::pb::registry::v1::name_service_server::NameService;
use concord_proto::registry::name;
use concord_server::status::status;
use tonic::{Request, Response, Status};

use crate::app::App;

#[tonic::async_trait]
impl NameService for App {
    async fn resolve_name(
        &self,
        request: Request<pb::ResolveNameRequest>,
    ) -> Result<Response<pb::ResolveNameResponse>, Status> {
        let text = name::resolve_from_pb(request.into_inner()).map_err(status)?;
        let resolution = self.resolve(&text).await.map_err(status)?;
        Ok(Response::new(name::resolution_to_pb(resolution)))
    }
}
