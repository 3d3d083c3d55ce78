//! A query as a URL or the body of `/.search` gives it (RFC 7644 §3.4.2, §3.4.3).

use super::error::Error;
use super::filter::{Filter, Matcher, Narrowed};
use super::intake::members_of;
use super::list::{Page, Sort};
use super::name::SchemaUri;
use super::patch::take;
use super::path::Path;
use super::projection::Projection;
use super::schema::ResourceType;
use serde_json::{Map, Value};

/// The schema of a search body.
pub const SEARCH_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

/// What a client wants to find, and to see of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// Which resources.
    pub filter: Option<Matcher>,
    /// What to show of each.
    pub projection: Projection,
    /// In which order.
    pub sort: Option<Sort>,
    /// Which part of the list.
    pub page: Page,
}

/// The parameters as written, before they are held against a resource type.
/// A search over all types holds them against each.
///
/// ```
/// use matricula::scim::{Parameters, ResourceType};
///
/// let pairs = [("filter", r#"userName eq "nina""#), ("count", "5"), ("aadOptscim062020", "")];
/// let query = Parameters::from_pairs(pairs).unwrap().bind(&ResourceType::user()).unwrap();
/// assert_eq!(query.filter.unwrap().to_string(), r#"userName eq "nina""#);
/// assert_eq!(query.page.count, Some(5));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    filter: Option<String>,
    attributes: Option<String>,
    excluded_attributes: Option<String>,
    sort_by: Option<String>,
    sort_order: Option<String>,
    start_index: Option<String>,
    count: Option<String>,
}

impl Parameters {
    /// Reads the decoded pairs of a URL's query. Names come in any case; those
    /// SCIM does not know are passed over, since Entra's switches may be among
    /// them. A parameter given twice has no meaning, and is refused: of two
    /// filters, neither may be dropped.
    pub fn from_pairs<N, V>(pairs: impl IntoIterator<Item = (N, V)>) -> Result<Self, Error>
    where
        N: AsRef<str>,
        V: Into<String>,
    {
        let mut parameters = Self::default();
        for (name, value) in pairs {
            let name = name.as_ref();
            let Some(slot) = parameters.slot(name) else { continue };
            if slot.replace(value.into()).is_some() {
                return Err(Error::invalid_value(format!("`{name}` is given twice")));
            }
        }
        Ok(parameters)
    }

    /// Reads the body of a search. Its lists of attributes are arrays; text,
    /// as in a URL, is understood too.
    pub fn from_body(body: Value) -> Result<Self, Error> {
        let mut body = members_of(body)?;
        Ok(Self {
            filter: text(&mut body, "filter")?,
            attributes: list(&mut body, "attributes")?,
            excluded_attributes: list(&mut body, "excludedAttributes")?,
            sort_by: text(&mut body, "sortBy")?,
            sort_order: text(&mut body, "sortOrder")?,
            start_index: number(&mut body, "startIndex")?,
            count: number(&mut body, "count")?,
        })
    }

    /// Whether there is a filter among them.
    pub fn filters(&self) -> bool {
        self.filter.is_some()
    }

    /// Which part of the list is wanted.
    pub fn page(&self) -> Result<Page, Error> {
        Page::parse(self.start_index.as_deref(), self.count.as_deref())
    }

    /// Holds the parameters against a resource type.
    pub fn bind(&self, resource_type: &ResourceType) -> Result<Query, Error> {
        let filter = self.filter.as_ref().map(|text| {
            let filter = parsed(text, resource_type.urns())?;
            Matcher::bind(&filter, resource_type)
        });
        self.bound(resource_type, filter.transpose()?, self.sort(resource_type)?)
    }

    /// The same for a search over `all` types: what this one does not know and another
    /// does has no value here. Nothing, where nobody of this type can be meant.
    pub fn bind_among(
        &self,
        resource_type: &ResourceType,
        all: &[&ResourceType],
    ) -> Result<Option<Query>, Error> {
        let elsewhere = |knows: &dyn Fn(&ResourceType) -> bool| {
            !knows(resource_type) && all.iter().any(|other| knows(other))
        };
        let mut filter = None;
        if let Some(text) = &self.filter {
            let urns: Vec<_> = all.iter().flat_map(|it| it.urns()).cloned().collect();
            let foreign = |path: &Path| elsewhere(&|it| it.place(path).is_ok());
            match parsed(text, &urns)?.narrowed(&foreign) {
                Narrowed::Nobody => return Ok(None),
                Narrowed::Everybody => {}
                Narrowed::These(known) => filter = Some(Matcher::bind(&known, resource_type)?),
            }
        }
        let unsorted = elsewhere(&|it| self.sort(it).is_ok());
        let sort = if unsorted { None } else { self.sort(resource_type)? };
        self.bound(resource_type, filter, sort).map(Some)
    }

    fn sort(&self, resource_type: &ResourceType) -> Result<Option<Sort>, Error> {
        let by = self.sort_by.as_deref().map(str::trim).filter(|by| !by.is_empty());
        by.map(|by| Sort::parse(resource_type, by, self.sort_order.as_deref())).transpose()
    }

    fn bound(
        &self,
        resource_type: &ResourceType,
        filter: Option<Matcher>,
        sort: Option<Sort>,
    ) -> Result<Query, Error> {
        let (only, but) = (self.attributes.as_deref(), self.excluded_attributes.as_deref());
        let projection = Projection::parse(resource_type, only, but)?;
        Ok(Query { filter, projection, sort, page: self.page()? })
    }

    fn slot(&mut self, name: &str) -> Option<&mut Option<String>> {
        let slots = [
            ("filter", &mut self.filter),
            ("attributes", &mut self.attributes),
            ("excludedAttributes", &mut self.excluded_attributes),
            ("sortBy", &mut self.sort_by),
            ("sortOrder", &mut self.sort_order),
            ("startIndex", &mut self.start_index),
            ("count", &mut self.count),
        ];
        slots.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, slot)| slot)
    }
}

fn parsed(text: &str, urns: &[SchemaUri]) -> Result<Filter, Error> {
    Filter::parse(text, urns).map_err(|error| {
        let shown: String = text.chars().take(200).collect();
        Error::invalid_filter(format!("The filter cannot be read {error}, in: {shown}"))
    })
}

fn text(body: &mut Map<String, Value>, name: &str) -> Result<Option<String>, Error> {
    match take(body, name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Error::invalid_syntax(format!("`{name}` must be a string"))),
    }
}

fn number(body: &mut Map<String, Value>, name: &str) -> Result<Option<String>, Error> {
    match take(body, name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Error::invalid_syntax(format!("`{name}` must be a whole number"))),
    }
}

fn list(body: &mut Map<String, Value>, name: &str) -> Result<Option<String>, Error> {
    let wrong = || Error::invalid_syntax(format!("`{name}` must be a list of strings"));
    match take(body, name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(Value::Array(names)) => {
            let names: Option<Vec<_>> = names.iter().map(Value::as_str).collect();
            names.map(|names| Some(names.join(","))).ok_or_else(wrong)
        }
        Some(_) => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_empty_filter_is_an_error_and_not_everybody() {
        let parameters = Parameters::from_pairs([("filter", " ")]).unwrap();
        let error = parameters.bind(&ResourceType::user()).unwrap_err();
        assert_eq!(error.scim_type(), Some(crate::scim::ScimType::InvalidFilter));
    }

    #[test]
    fn two_filters_are_refused() {
        assert!(Parameters::from_pairs([("filter", "id pr"), ("FILTER", "id pr")]).is_err());
    }

    #[test]
    fn a_body_and_a_url_ask_the_same() {
        let body = json!({
            "schemas": [SEARCH_REQUEST],
            "attributes": ["userName", r#"emails[type eq "a,b"]"#],
            "filter": "active eq true",
            "sortBy": "userName",
            "sortOrder": "descending",
            "startIndex": 3,
            "count": 10
        });
        let pairs = [
            ("attributes", r#"userName,emails[type eq "a,b"]"#),
            ("filter", "active eq true"),
            ("sortby", "userName"),
            ("sortOrder", "descending"),
            ("startIndex", "3"),
            ("count", "10"),
        ];
        let user = ResourceType::user();
        assert_eq!(
            Parameters::from_body(body).unwrap().bind(&user),
            Parameters::from_pairs(pairs).unwrap().bind(&user)
        );
    }

    #[test]
    fn what_a_body_cannot_mean_is_named() {
        for body in [
            json!([]),
            json!({ "filter": 1 }),
            json!({ "attributes": [1] }),
            json!({ "count": true }),
        ] {
            assert!(Parameters::from_body(body.clone()).is_err(), "{body}");
        }
        let odd = Parameters::from_body(json!({ "count": 1.5 })).unwrap();
        assert!(odd.bind(&ResourceType::user()).is_err());
    }
}
