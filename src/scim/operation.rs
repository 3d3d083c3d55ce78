//! What is being asked for, once every dialect has been understood.

use super::edit::Edits;
use super::name::ResourceId;
use super::resource::Resource;
use super::schema::Kind;

/// A write. The rooms above know no other: POST is a `Create`, PUT and PATCH
/// are a `Change`, DELETE is a `Delete`.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// A new resource. The LMS gives it its id.
    Create(Resource),
    /// Edits of one that exists.
    Change {
        /// User or Group.
        kind: Kind,
        /// Which one.
        id: ResourceId,
        /// What changes.
        edits: Edits,
    },
    /// The end of one.
    Delete {
        /// User or Group.
        kind: Kind,
        /// Which one.
        id: ResourceId,
    },
}

impl Operation {
    /// User or Group.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Create(resource) => resource.kind(),
            Self::Change { kind, .. } | Self::Delete { kind, .. } => *kind,
        }
    }

    /// The resource it is about; a new one has no id yet.
    pub fn id(&self) -> Option<&ResourceId> {
        match self {
            Self::Create(_) => None,
            Self::Change { id, .. } | Self::Delete { id, .. } => Some(id),
        }
    }
}
