//! Tests of tables as text.

use polars::prelude::{IntoColumn, NamedFrom, Series};

use super::*;
use crate::store::frames;
use crate::store::tests::samples::record;

fn frame() -> DataFrame {
    let text = Series::new("text".into(), [Some("plain"), Some("a,\"b\"\nc|d"), None]).into_column();
    let whole = Series::new("whole".into(), [Some(i64::MAX), None, Some(-1)]).into_column();
    let number = Series::new("number".into(), [Some(0.1 + 0.2), Some(1e300), None]).into_column();
    DataFrame::new(3, vec![text, whole, number]).unwrap()
}

fn text(frame: &DataFrame, form: Format) -> String {
    String::from_utf8(format(frame, form, None).unwrap()).unwrap()
}

#[test]
fn csv_quotes_and_keeps_every_digit() {
    insta::assert_snapshot!(text(&frame(), Format::Csv), @r#"
    text,whole,number
    plain,9223372036854775807,0.30000000000000004
    "a,""b""
    c|d",,1e+300
    ,-1,
    "#);
}

#[test]
fn csv_holds_no_formula() {
    let texts = ["=1+1", "+cmd|'/C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "-1.5", "-1.5 2e-3", "+3", "a=1", ""];
    let column = Series::new("text".into(), texts).into_column();
    let number = Series::new("number".into(), texts.map(|_| -2.5)).into_column();
    let csv = text(&DataFrame::new(texts.len(), vec![column, number]).unwrap(), Format::Csv);
    let cells = [
        "'=1+1",
        "'+cmd|'/C calc'!A0",
        "'-2+3",
        "'@SUM(A1)",
        "'\t=1",
        "\"'\r=1\"",
        "-1.5",
        "-1.5 2e-3",
        "+3",
        "a=1",
        "",
    ];
    assert_eq!(csv, format!("text,number\n{},-2.5\n", cells.join(",-2.5\n")));
    // Other forms are not for spreadsheets, and keep every byte.
    let plain = DataFrame::new(1, vec![Series::new("text".into(), ["=1"]).into_column()]).unwrap();
    assert!(text(&plain, Format::Json).contains("\"=1\"") && text(&plain, Format::Markdown).contains("| =1 |"));
}

#[test]
fn json_is_one_versioned_document() {
    let value: Value = serde_json::from_str(&text(&frame(), Format::Json)).unwrap();
    let expected = json!({"version": 1, "runs": [
        {"text": "plain", "whole": i64::MAX, "number": 0.1 + 0.2},
        {"text": "a,\"b\"\nc|d", "whole": null, "number": 1e300},
        {"text": null, "whole": -1, "number": null},
    ]});
    // Numbers are compared as text: reading them back is another library's affair.
    assert_eq!(text(&frame(), Format::Json), serde_json::to_string_pretty(&expected).unwrap() + "\n");
    assert_eq!(value["runs"].as_array().unwrap().len(), 3);
}

#[test]
fn markdown_and_the_terminal_show_short_numbers() {
    insta::assert_snapshot!(text(&frame(), Format::Markdown), @r#"
    | text | whole | number |
    |---|---:|---:|
    | plain | 9223372036854775807 | 0.3 |
    | a,"b" c\|d |  | 1e300 |
    |  | -1 |  |
    "#);
    insta::assert_snapshot!(text(&frame(), Format::Table), @r#"
     text                      whole   number
    ──────────────────────────────────────────
     plain       9223372036854775807      0.3
     a,"b" c|d                          1e300
                                  -1
    3 runs
    "#);
}

#[test]
fn lists_stand_in_one_cell() {
    let runs = frames::runs(&[record(1)], &frames::Foreign::default()).unwrap().select(["grids", "replicate"]).unwrap();
    assert_eq!(text(&runs, Format::Csv), "grids,replicate\nfixes größer,1\n");
    assert!(text(&runs, Format::Json).contains("\"fixes\",\n"));
}

#[test]
fn numbers_for_people_have_six_digits() {
    let numbers =
        [0.0, 1.0, 0.1 + 0.2, 75_777.123_456, 1_234_567.8, 12_345_678.9, 1e-4, 1.234_567_8e-5, -2.5, 9_999_999.7];
    let shown: Vec<String> = numbers.iter().map(|number| short(*number)).collect();
    assert_eq!(shown.join(" "), "0 1 0.3 75777.1 1.23457e6 1.23457e7 0.0001 1.23457e-5 -2.5 1e7");
}
