//! Lists by pages (Genesys reference 2.7).

use serde::Deserialize;
use serde_json::{Value, json};

use crate::platform::error_body::PlatformError;

/// The page size if none is asked for.
const DEFAULT_PAGE_SIZE: usize = 25;
/// The largest page.
const LARGEST_PAGE: usize = 100;

/// Which page is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PageQuery {
    page_size: Option<usize>,
    page_number: Option<usize>,
    /// Only entities of this name, where a list can be searched.
    name: Option<String>,
}

impl PageQuery {
    /// Keeps the entities of the name that is asked for, if one is.
    pub(crate) fn retain_named(&self, entities: &mut Vec<Value>) {
        if let Some(name) = &self.name {
            entities.retain(|entity| entity.get("name") == Some(&json!(name)));
        }
    }

    /// The page of these entities, with the links to the others.
    ///
    /// # Errors
    ///
    /// 400 if the size or the number is out of its range.
    pub(crate) fn page(&self, path: &str, entities: Vec<Value>) -> Result<Value, PlatformError> {
        let size = self.page_size.unwrap_or(DEFAULT_PAGE_SIZE);
        let number = self.page_number.unwrap_or(1);
        if !(1..=LARGEST_PAGE).contains(&size) {
            return Err(PlatformError::invalid_parameter("pageSize", "from 1 to 100"));
        }
        if number == 0 {
            return Err(PlatformError::invalid_parameter("pageNumber", "1 or more"));
        }
        let total = entities.len();
        let pages = total.div_ceil(size).max(1);
        let uri = |number: usize| format!("{path}?pageSize={size}&pageNumber={number}");
        let skipped = (number - 1).saturating_mul(size);
        let entities: Vec<Value> = entities.into_iter().skip(skipped).take(size).collect();
        let mut page = json!({
            "entities": entities,
            "pageSize": size,
            "pageNumber": number,
            "total": total,
            "pageCount": pages,
            "firstUri": uri(1),
            "lastUri": uri(pages),
            "selfUri": uri(number),
        });
        if let Some(fields) = page.as_object_mut() {
            if number < pages {
                fields.insert("nextUri".into(), json!(uri(number + 1)));
            }
            if number > 1 {
                fields.insert("previousUri".into(), json!(uri(number - 1)));
            }
        }
        Ok(page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(size: usize, number: usize) -> Value {
        let query = PageQuery { page_size: Some(size), page_number: Some(number), name: None };
        query.page("/list", (0..5).map(|entity| json!(entity)).collect()).unwrap()
    }

    #[test]
    fn the_pages_hold_every_entity_once_and_lead_to_each_other() {
        assert_eq!(page(2, 1)["entities"], json!([0, 1]));
        assert_eq!(page(2, 2)["nextUri"], "/list?pageSize=2&pageNumber=3");
        assert_eq!(page(2, 2)["previousUri"], "/list?pageSize=2&pageNumber=1");
        assert_eq!(page(2, 3)["entities"], json!([4]));
        assert_eq!(page(2, 3).get("nextUri"), None);
        assert_eq!(page(2, 3)["pageCount"], 3);
        assert_eq!(page(2, 9)["entities"], json!([]));
    }
}
