//! Sections by a hash of their names, for what is written down: so that a record says nothing by
//! itself, and a section that is renamed takes nothing along.

use super::Config;
use super::Span;
use crate::model::{ComponentId, HeartbeatId, RuleId, ServiceId, SiteId, SourceId, UserId};

impl Config {
    /// A source, by its site and name; 0 for one that there is not.
    pub fn source_hash(&self, id: SourceId) -> u64 {
        let Some(source) = self.sources.get(id.index()) else { return 0 };
        hash([self.site_name(source.site), self.str(source.name), ""])
    }

    /// A component, by its site, service and name; 0 for one that there is not. Among 256
    /// components two have the same hash once in 130,000 configurations.
    pub fn component_hash(&self, id: ComponentId) -> u32 {
        let Some(component) = self.components.get(id.index()) else { return 0 };
        let Some(service) = self.services.get(component.service.index()) else { return 0 };
        fold(hash([self.site_name(service.site), self.str(service.name), self.str(component.name)]))
    }

    /// A service, by its site and name; 0 for one that there is not.
    pub fn service_hash(&self, id: ServiceId) -> u32 {
        let Some(service) = self.services.get(id.index()) else { return 0 };
        fold(hash([self.site_name(service.site), self.str(service.name), ""]))
    }

    /// A site, by its name; 0 for one that there is not.
    pub fn site_hash(&self, id: SiteId) -> u32 {
        if id.index() < self.sites.len() { fold(hash([self.site_name(id), "", ""])) } else { 0 }
    }

    /// A heartbeat, by its site, source and name; 0 for one that there is not.
    pub fn heartbeat_hash(&self, id: HeartbeatId) -> u32 {
        self.heartbeats.get(id.index()).map_or(0, |row| self.owned_hash(row.source, row.name))
    }

    /// A rule, by its site, source and name, and by what it asks; 0 for one that there is not.
    pub fn rule_hash(&self, id: RuleId) -> u32 {
        self.rules.get(id.index()).map_or(0, |row| {
            let asks = fold(hash([self.str(row.measurement), self.str(row.field), self.str(row.of)]));
            let limits = [row.limit.low, row.limit.high, row.clear.low, row.clear.high];
            let limits = limits.iter().fold(0u32, |all, limit| {
                all.rotate_left(7) ^ fold(limit.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15))
            });
            self.owned_hash(row.source, row.name) ^ asks ^ limits ^ row.test as u32
        })
    }

    /// A section of a source, by its site, source and name.
    fn owned_hash(&self, source: SourceId, name: Span) -> u32 {
        let Some(source) = self.sources.get(source.index()) else { return 0 };
        fold(hash([self.site_name(source.site), self.str(source.name), self.str(name)]))
    }

    /// A person, by their name; 0 for one that there is not, and for nobody else.
    pub fn user_hash(&self, id: UserId) -> u32 {
        self.users.get(id.index()).map_or(0, |user| fold(hash([self.str(user.name), "", ""])).max(1))
    }

    fn site_name(&self, id: SiteId) -> &str {
        self.sites.get(id.index()).map_or("", |site| self.str(site.name))
    }
}

/// 64-bit FNV-1a over names, each ended by a NUL, which no name holds.
fn hash(names: [&str; 3]) -> u64 {
    let bytes = names.iter().flat_map(|name| name.bytes().chain([0]));
    bytes
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// 32 bits of it.
fn fold(hash: u64) -> u32 {
    u32::try_from((hash ^ (hash >> 32)) & u64::from(u32::MAX)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::testing::{BASE, good};
    use std::string::ToString;

    /// Journals hold these numbers: what has been released stays.
    #[test]
    fn hashes_stay_what_they_are() {
        let config = good(
            &(BASE.to_string()
                + "config service v\n\toption site s\nconfig component c\n\toption service v\nconfig user u\n\tlist site s\n"),
        );
        assert_eq!(config.source_hash(SourceId(0)), 0xc79e_1afa_d2df_5b92);
        assert_eq!(config.component_hash(ComponentId(0)), 0x1d31_6849);
        assert_eq!(config.service_hash(ServiceId(0)), 0x26ca_5b6a);
        assert_eq!(config.site_hash(SiteId(0)), 0xf237_4fae);
        assert_eq!(config.user_hash(UserId(0)), 0x3494_9bb6);
    }

    #[test]
    fn what_there_is_not_has_none() {
        let config = good(BASE);
        assert_eq!(config.source_hash(SourceId(1)), 0);
        assert_eq!(config.component_hash(ComponentId(0)), 0);
        assert_eq!(config.service_hash(ServiceId(0)), 0);
        assert_eq!(config.site_hash(SiteId(1)), 0);
        assert_eq!(config.user_hash(UserId(0)), 0);
    }
}
