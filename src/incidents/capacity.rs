//! What a board has room for and has names for: asked of an archive before it is taken in, and of
//! what is kept before the journal may have less room.

use super::Incidents;
use super::entries::Log;
use super::record::{self, BANNER, STEP, WINDOW, WINDOW_ENDED, What};
use super::uptime::ROSTER;
use crate::config::Config;
use crate::limits::{INCIDENTS, JOURNAL_BYTES_MAX, JOURNAL_LOG_SHARE};
use crate::model::ComponentId;

/// What a first look at an archive tells.
#[derive(Debug, Default)]
pub struct ArchiveCheck {
    /// Records about incidents, maintenance and banners.
    pub told: u32,
    /// Those of them that are of what this configuration names.
    pub named: u32,
    /// Bytes that these take in the log.
    weight: usize,
    /// The incidents that began on what is named, by the hash of their site and their number.
    begun: heapless::Vec<(u32, u32), INCIDENTS>,
    /// Whether it tells of the past of components, and of any that is named.
    roster: (bool, bool),
}

impl ArchiveCheck {
    /// Nothing was looked at yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks at a record, in the order in which they stand.
    pub fn look(&mut self, incidents: &Incidents, config: &Config, kind: u8, payload: &[u8]) {
        match kind {
            ROSTER => {
                let mut ids = (0..=u16::MAX).map(ComponentId).take(config.components.len());
                let (listed, _) = payload.get(2..).unwrap_or_default().as_chunks::<4>();
                let named = |id| listed.contains(&config.component_hash(id).to_le_bytes());
                self.roster = (self.roster.0 || !listed.is_empty(), self.roster.1 || ids.any(named));
            }
            STEP | WINDOW | WINDOW_ENDED | BANNER => {
                self.told = self.told.saturating_add(1);
                if self.is_named(incidents, kind, payload) {
                    self.named = self.named.saturating_add(1);
                    self.weight = self.weight.saturating_add(Log::weight_of(payload.len()));
                }
            }
            _ => {}
        }
    }

    /// What an incident that began elsewhere came to is of no use here.
    fn is_named(&mut self, incidents: &Incidents, kind: u8, payload: &[u8]) -> bool {
        let Ok(mut bytes) = record::IncidentPayload::from_slice(payload) else { return false };
        let named = record::is_whole(kind, payload) && record::strip(&incidents.names, kind, &mut bytes);
        let Some((head, step)) = record::read_step(payload).filter(|_| kind == STEP) else { return named };
        let incident = (head.site, step.number);
        if step.what == What::Opened {
            return named && (self.begun.contains(&incident) || self.begun.push(incident).is_ok());
        }
        named && self.begun.contains(&incident)
    }

    /// Whether it holds something, and nothing of it is named here.
    pub fn is_foreign(&self) -> bool {
        if self.told > 0 { self.named == 0 } else { self.roster.0 && !self.roster.1 }
    }

    /// The least `journal_size` in which all of it has room, in bytes.
    pub fn journal_needed(&self) -> u32 {
        journal_of(self.weight)
    }
}

/// The least size of a journal in which a log of so many bytes has room: whole KiB.
fn journal_of(weight: usize) -> u32 {
    let bytes = u32::try_from(weight).unwrap_or(u32::MAX).saturating_mul(JOURNAL_LOG_SHARE);
    bytes.checked_next_multiple_of(1024).unwrap_or(u32::MAX)
}

impl Incidents {
    /// Says how large the journal may be, in bytes of its files together; of that, the log has its
    /// share.
    pub fn set_journal(&mut self, journal: u32) {
        self.limit = usize::try_from(journal / JOURNAL_LOG_SHARE).unwrap_or(usize::MAX);
    }

    /// The least `journal_size`, in bytes, in which what must not give way has room: what goes on
    /// and what people wrote. What ended by itself, and has no words, gives way.
    pub fn journal_needed(&self) -> u32 {
        let stays = |raw: &super::entries::Raw<'_>| {
            if record::head(raw.payload).is_some_and(|head| head.flags & record::UNDONE != 0) {
                return false;
            }
            let Some((head, step)) = record::read_step(raw.payload).filter(|_| raw.kind == STEP) else {
                return true;
            };
            let site = self.names.site(head.site);
            site.and_then(|site| self.derived.find(site, step.number)).is_some_and(|incident| {
                let linked = || self.derived.linked(&self.names, incident.site, incident.number).next();
                incident.open || incident.words || linked().is_some()
            })
        };
        let weights = self.log.iter().filter(stays).map(|raw| Log::weight_of(raw.payload.len()));
        journal_of(weights.fold(0, usize::saturating_add)).min(JOURNAL_BYTES_MAX)
    }
}
