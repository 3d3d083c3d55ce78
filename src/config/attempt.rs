//! Reading a value again and again, each time without what was faulty.

use figment::Error;
use figment::error::Kind;
use figment::value::{Dict, Value};

use super::key;
use super::layers;

/// A value while it is read, with what was faulty taken away.
pub(super) struct Attempt {
    pub(super) value: Value,
    /// Elements that were taken out of lists, as they were counted first.
    gone: Vec<(Vec<String>, usize)>,
    /// What was missing and has been made up, so that the rest could be read.
    made_up: Vec<Vec<String>>,
}

impl Attempt {
    pub(super) fn of(value: Value) -> Self {
        Self { value, gone: Vec::new(), made_up: Vec::new() }
    }

    /// The way to what an error means, in our own steps.
    pub(super) fn steps(&self, error: &Error) -> Vec<String> {
        let mut steps: Vec<String> = Vec::new();
        for step in &error.path {
            let list = matches!(key::find(&self.value, &steps), Some(Value::Array(..)));
            steps.push(if list { format!("[{step}]") } else { step.clone() });
        }
        // Types that read their own tables do not say it in the path.
        if let Kind::UnknownField(name, _) = &error.kind
            && steps.last() != Some(name)
        {
            steps.push(name.clone());
        }
        steps
    }

    /// The same way before anything was taken away.
    pub(super) fn original(&self, steps: &[String]) -> Vec<String> {
        let mut original = steps.to_vec();
        for (index, step) in steps.iter().enumerate() {
            let Some(mut position) = key::position(step) else { continue };
            let around = original.get(..index).unwrap_or_default().to_vec();
            let mut gone: Vec<usize> =
                self.gone.iter().filter(|(list, _)| *list == around).map(|(_, at)| *at).collect();
            gone.sort_unstable();
            for at in gone {
                position += usize::from(at <= position);
            }
            if let Some(place) = original.get_mut(index) {
                *place = format!("[{position}]");
            }
        }
        original
    }

    /// Words of the environment and of flags are texts, until something else is
    /// wanted that they can be read as.
    pub(super) fn loosen(&mut self, steps: &[String], error: &Error) -> bool {
        let other = matches!(error.kind, Kind::InvalidType(..));
        let Some(Value::String(_, raw)) = key::find(&self.value, steps).filter(|_| other) else {
            return false;
        };
        let meant = layers::meant(raw).filter(|value| value.as_str().is_none());
        let place = meant.zip(key::find_mut(&mut self.value, steps));
        place.map(|(meant, place)| *place = meant).is_some()
    }

    /// Whether an error is about a value that nobody wrote.
    pub(super) fn is_made_up(&self, steps: &[String]) -> bool {
        self.made_up.iter().any(|made_up| made_up == steps)
    }

    /// Takes away what an error means; false when nothing would be left.
    pub(super) fn without(&mut self, steps: &[String], error: &Error) -> bool {
        if let Kind::MissingField(name) = &error.kind {
            return self.make_up(steps, name);
        }
        let Some((_, around)) = steps.split_last() else { return false };
        // A text was no guess for it: its table cannot be read at all.
        if self.is_made_up(steps) {
            return self.drop_value(around);
        }
        let dropped = self.drop_value(steps);
        let unknown = matches!(error.kind, Kind::UnknownField(..));
        let table = key::find(&self.value, around).and_then(Value::as_dict);
        // A key that nobody knows was all there was: what the table lacks besides
        // is most likely that one.
        if unknown && table.is_some_and(Dict::is_empty) { self.drop_value(around) } else { dropped }
    }

    /// What else is missing is told only once this is there.
    fn make_up(&mut self, steps: &[String], name: &str) -> bool {
        let Some(Value::Dict(_, table)) = key::find_mut(&mut self.value, steps) else {
            return false;
        };
        let mut own = steps.to_vec();
        own.push(name.to_owned());
        self.made_up.push(own);
        table.insert(name.to_owned(), Value::from("")).is_none()
    }

    fn drop_value(&mut self, steps: &[String]) -> bool {
        let original = self.original(steps);
        if key::take(&mut self.value, steps).is_none() {
            return false;
        }
        if let Some((last, around)) = original.split_last()
            && let Some(position) = key::position(last)
        {
            self.gone.push((around.to_vec(), position));
        }
        true
    }
}
