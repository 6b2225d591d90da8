//! Mistakes in a configuration.

/// stub
#[derive(Debug)]
pub enum Kind {}
/// stub
#[derive(Debug)]
pub struct Problem {}
/// stub
#[derive(Debug)]
pub struct Problems {}
