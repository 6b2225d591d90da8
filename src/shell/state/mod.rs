//! What survives a restart: the journal's files, and the log's words about them.

#[cfg(test)]
mod flash_wear;
pub mod ledger;
pub mod storage;
