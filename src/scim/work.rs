//! How much work the edits of one request may be.

use super::edit::{Act, Edit};
use super::elements::Elements;
use super::error::Error;

/// How many elements the edits of one request may look at. A group of 10,000
/// with a thousand filtered edits fits; a request made to burn time does not.
const MOST: usize = 10_000_000;

/// How many elements have been looked at.
#[derive(Debug, Default)]
pub(super) struct Work(usize);

impl Work {
    /// Counts what an edit of these elements will look at; too much is refused.
    pub(super) fn spend(&mut self, edit: &Edit, elements: &Elements<'_>) -> Result<(), Error> {
        let indexed = edit.place.attr.identified_by_value();
        let looks = match &edit.act {
            Act::Add(_) => elements.unindexed(),
            Act::Drop(values) if indexed => values.len() + elements.unindexed(),
            Act::Drop(values) => values.len().saturating_mul(elements.len()),
            Act::Set(_) | Act::Clear | Act::Expect(_) => elements.len(),
        };
        self.0 = self.0.saturating_add(looks);
        if self.0 > MOST {
            let says = "This change is too much work at once; send it in parts.";
            return Err(Error::too_large(says));
        }
        Ok(())
    }
}
