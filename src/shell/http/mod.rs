//! HTTP: one connection from request to request, what is answered, and bodies that are taken in.

mod answer;
mod batch;
pub mod connection;
mod ingest;
mod metrics;
pub mod samples;
pub mod web;
