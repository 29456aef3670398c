//! The page: markup, style and script that are part of the tool, and the data of one image.

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The page with this JSON in it.
///
/// Names in the data come from a file that anybody may have written. In the page they are inside of a script
/// element, which ends at `</script>`; so no `<` is left in them, and the script only ever shows them as text.
pub(super) fn with_data(json: &str) -> String {
    let mut page = String::with_capacity(PAGE.len() + STYLE.len() + SCRIPT.len() + json.len());
    // The marks are looked for in the page alone, never in what was put in.
    for (index, piece) in PAGE.split('@').enumerate() {
        match (index % 2, piece) {
            (1, "style") => page.push_str(STYLE),
            (1, "script") => page.push_str(SCRIPT),
            (1, "data") => json.chars().for_each(|c| match c {
                '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                    page.push_str(&format!("\\u{:04x}", u32::from(c)))
                }
                c => page.push(c),
            }),
            (_, text) => page.push_str(text),
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_ends_the_element_that_it_is_in() {
        let name = "</script><script>alert(1)</script><!-- @script@ & \u{2028}";
        let json = serde_json::to_string(name).expect("text");
        let page = with_data(&json);
        let start = page.find("id=\"data\">").expect("the element") + "id=\"data\">".len();
        let data = &page[start..start + page[start..].find("</script>").expect("its end")];
        assert_eq!(serde_json::from_str::<String>(data).expect("the same JSON"), name);
        assert_eq!(page.matches("alert(1)").count(), 1);
        assert_eq!(page.matches("<script").count(), with_data("0").matches("<script").count());
    }

    #[test]
    fn every_mark_of_the_page_is_filled_and_nothing_is_fetched() {
        let page = with_data("{}");
        for mark in ["@style@", "@script@", "@data@", "http://", "https://", "@import", "url(", "src="] {
            assert!(!page.contains(mark), "{mark}");
        }
    }
}
