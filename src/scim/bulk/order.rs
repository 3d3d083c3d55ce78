//! Which operation of a bulk request waits for which, and what stands in the
//! place of a reference once its operation is done.

use super::{BulkOperation, BulkRequest, Method, REFERENCE, Reference};
use crate::scim::error::Error;
use crate::scim::name::ResourceId;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

impl BulkRequest {
    /// The order in which the operations can be carried out: as sent, but for
    /// those that wait for a reference. Operations on the same resource keep
    /// their order. Those that wait for each other can never start; each comes
    /// out with its error in the second list.
    pub fn order(&self) -> (Vec<usize>, Vec<(usize, Error)>) {
        let waits = self.dependencies();
        let mut open: Vec<usize> = waits.iter().map(BTreeSet::len).collect();
        let mut wakes: Vec<Vec<usize>> = vec![Vec::new(); waits.len()];
        for (index, dependencies) in waits.iter().enumerate() {
            for dependency in dependencies {
                if let Some(wakes) = wakes.get_mut(*dependency) {
                    wakes.push(index);
                }
            }
        }
        let ready = open.iter().enumerate().filter(|(_, open)| **open == 0);
        let mut ready: BTreeSet<usize> = ready.map(|(index, _)| index).collect();
        let mut order = Vec::with_capacity(open.len());
        while let Some(index) = ready.pop_first() {
            order.push(index);
            for waiting in wakes.get(index).into_iter().flatten() {
                if let Some(open) = open.get_mut(*waiting) {
                    *open -= 1;
                    if *open == 0 {
                        ready.insert(*waiting);
                    }
                }
            }
        }
        let stuck = open.iter().enumerate().filter(|(_, open)| **open > 0);
        (order, stuck.map(|(index, _)| (index, circular())).collect())
    }

    /// For each operation, the ones that must come before it.
    fn dependencies(&self) -> Vec<BTreeSet<usize>> {
        let mut creates = HashMap::new();
        for (index, operation) in self.operations.iter().enumerate() {
            if let Ok(BulkOperation { method: Method::Post, bulk_id: Some(id), .. }) = operation {
                creates.insert(id.as_str(), index);
            }
        }
        let mut last_on = HashMap::new();
        let mut all = Vec::with_capacity(self.operations.len());
        for (index, operation) in self.operations.iter().enumerate() {
            let mut waits = BTreeSet::new();
            if let Ok(operation) = operation {
                let mut names = |name: &str| waits.extend(creates.get(name).copied());
                references(&operation.data, &mut names);
                if let Some(Reference::BulkId(name)) = &operation.target {
                    names(name);
                }
                if let Some(target) = &operation.target {
                    waits.extend(last_on.insert((operation.kind, target), index));
                }
            }
            all.push(waits);
        }
        all
    }
}

fn circular() -> Error {
    Error::conflict("This operation and others refer to each other in a circle; none can be first")
}

/// Every `bulkId:name` within a body. The depth is the parser's.
fn references(value: &Value, found: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => {
            if let Some(name) = text.strip_prefix(REFERENCE) {
                found(name);
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| references(element, found)),
        Value::Object(members) => members.values().for_each(|member| references(member, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl BulkOperation {
    /// The operation with ids in place of references; `ids` has those of what
    /// was created so far.
    pub fn resolved(mut self, ids: &HashMap<String, ResourceId>) -> Result<Self, Error> {
        resolve(&mut self.data, ids)?;
        if let Some(Reference::BulkId(name)) = &self.target {
            self.target = Some(Reference::Id(known(name, ids)?.clone()));
        }
        Ok(self)
    }
}

fn known<'a>(name: &str, ids: &'a HashMap<String, ResourceId>) -> Result<&'a ResourceId, Error> {
    ids.get(name).ok_or_else(|| {
        Error::conflict(format!("`{REFERENCE}{name}` names nothing that this request created"))
    })
}

fn resolve(value: &mut Value, ids: &HashMap<String, ResourceId>) -> Result<(), Error> {
    match value {
        Value::String(text) => {
            if let Some(name) = text.strip_prefix(REFERENCE) {
                known(name, ids)?.as_str().clone_into(text);
            }
            Ok(())
        }
        Value::Array(elements) => elements.iter_mut().try_for_each(|one| resolve(one, ids)),
        Value::Object(members) => members.values_mut().try_for_each(|one| resolve(one, ids)),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}
