//! What may happen: a tenant's rules, what is known at the moment, and what is
//! asked for come to a [`Decision`]. Pure: the same facts always mean the same.
//!
//! ```text
//! Rules, Facts, Operation ─ decide ─► Apply(Operation, Then) | Defer(Reason) | Refuse(Error)
//! ```
//!
//! Nothing else in the house asks which mode a tenant is in, so nothing can
//! forget to.

mod decide;
mod guard;
mod protect;
mod reason;
mod rules;

pub use decide::{Decision, Facts, Then, Wait, decide};
pub use guard::{Guard, active, is_removal};
pub use protect::Protect;
pub use reason::Reason;
pub use rules::{Activation, Deprovision, Mode, Rules, SignIn};
