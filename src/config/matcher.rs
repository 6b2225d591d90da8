//! Matchers: which alerts concern a component.

use crate::model::ComponentId;
use crate::text::Span;

/// How a term compares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Op {
    /// `=`
    #[default]
    Equal,
    /// `!=`
    NotEqual,
    /// `~`, with a glob.
    Glob,
}

/// One `name=value`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Term {
    /// The name of a label or annotation.
    pub name: Span,
    /// How it compares.
    pub op: Op,
    /// With what.
    pub value: Span,
}

/// One `list match`: all its terms must hold.
#[derive(Clone, Copy, Debug, Default)]
pub struct Match {
    /// The component that an alert which matches concerns.
    pub component: ComponentId,
    /// Its first term in [`Config::terms`](super::Config::terms).
    pub first: u16,
    /// How many terms.
    pub count: u8,
}
