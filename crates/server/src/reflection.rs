//! Reflection, v1 and v1alpha, over the contract and health, so that grpcurl lists, describes and shows error details.

use tonic::service::Routes;
use tonic_reflection::server::Builder;

/// The routes with reflection added. `services` are the names listed; the descriptors hold google.rpc's details too.
///
/// # Errors
/// Where the descriptors do not fit together.
pub fn add(routes: Routes, descriptors: &'static [u8], services: &[&'static str]) -> Result<Routes, String> {
    let builder = || {
        let mut builder = Builder::configure()
            .register_encoded_file_descriptor_set(descriptors)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET);
        for service in services {
            builder = builder.with_service_name(*service);
        }
        builder.with_service_name("grpc.health.v1.Health")
    };
    let v1 = builder().build_v1().map_err(|e| e.to_string())?;
    let v1alpha = builder().build_v1alpha().map_err(|e| e.to_string())?;
    Ok(routes.add_service(v1).add_service(v1alpha))
}
