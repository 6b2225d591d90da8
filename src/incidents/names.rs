//! Which hash in the log is which section of the configuration, and back.

use crate::config::Config;
use crate::limits::{COMPONENTS, SERVICES, SITES};
use crate::model::{ComponentId, ServiceId, SiteId};

/// The hashes by which the log knows what the configuration names. All-zero when new.
pub struct NameHashes {
    sites: [u32; SITES],
    services: [u32; SERVICES],
    components: [u32; COMPONENTS],
    /// Where each component stands.
    site_of: [SiteId; COMPONENTS],
}

impl NameHashes {
    /// None; all-zero.
    pub const fn new() -> Self {
        Self {
            sites: [0; SITES],
            services: [0; SERVICES],
            components: [0; COMPONENTS],
            site_of: [SiteId(0); COMPONENTS],
        }
    }

    /// Those of a configuration.
    pub fn learn(&mut self, config: &Config) {
        *self = Self::new();
        for (hash, id) in self.sites.iter_mut().zip(0u8..).take(config.sites.len()) {
            *hash = config.site_hash(SiteId(id));
        }
        for (hash, id) in self.services.iter_mut().zip(0u16..).take(config.services.len()) {
            *hash = config.service_hash(ServiceId(id));
        }
        let places = self.components.iter_mut().zip(&mut self.site_of).zip(0u16..);
        for ((hash, site), id) in places.take(config.components.len()) {
            *hash = config.component_hash(ComponentId(id));
            *site = config.site_of(ComponentId(id)).unwrap_or_default();
        }
    }

    /// The site of this hash.
    pub fn site(&self, hash: u32) -> Option<SiteId> {
        let at = self.sites.iter().position(|&known| known == hash && hash != 0)?;
        u8::try_from(at).ok().map(SiteId)
    }
    /// The hash of a site.
    pub fn of_site(&self, id: SiteId) -> u32 {
        self.sites.get(id.index()).copied().unwrap_or(0)
    }
    /// The service of this hash.
    pub fn service(&self, hash: u32) -> Option<ServiceId> {
        let at = self.services.iter().position(|&known| known == hash && hash != 0)?;
        u16::try_from(at).ok().map(ServiceId)
    }
    /// The hash of a service.
    pub fn of_service(&self, id: ServiceId) -> u32 {
        self.services.get(id.index()).copied().unwrap_or(0)
    }
    /// The component of this hash.
    pub fn component(&self, hash: u32) -> Option<ComponentId> {
        let at = self.components.iter().position(|&known| known == hash && hash != 0)?;
        u16::try_from(at).ok().map(ComponentId)
    }
    /// The hash of a component.
    pub fn of_component(&self, id: ComponentId) -> u32 {
        self.components.get(id.index()).copied().unwrap_or(0)
    }
    /// Where a component stands.
    pub fn site_of(&self, id: ComponentId) -> SiteId {
        self.site_of.get(id.index()).copied().unwrap_or_default()
    }
}
