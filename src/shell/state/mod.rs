//! What survives a restart: the journal's files, and the log's words about them.

pub mod ledger;
pub mod storage;
#[cfg(test)]
mod wear;
