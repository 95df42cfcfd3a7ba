//! Tests of queries, of one run shown, and of configurations restored from rows.

use std::path::Path;
use std::sync::Arc;

use super::memory::Memory;
use super::samples::{configuration, record, sweep};
use crate::store::{self, Cell, Error, Query, Results, Writer, query, telling_columns};

fn results() -> Results {
    let files = Memory::default();
    let folder = Path::new("/results/sample");
    let writer = Writer::open_on(Arc::new(files.clone()), folder, &sweep(), Box::new(|_| ())).unwrap();
    (0..6).for_each(|number| writer.append(&record(number), None).unwrap());
    writer.close().unwrap();
    Results::open_on(Arc::new(files), folder).unwrap()
}

fn replicates(asked: &Query) -> Result<Vec<i64>, Error> {
    let frame = query(results().runs(), asked)?;
    Ok(frame.column("replicate").unwrap().i64().unwrap().iter().flatten().collect())
}

fn condition(sql: &str) -> Query {
    Query { condition: Some(sql.into()), sort: Some("replicate".into()), ..Query::default() }
}

fn sorted(by: &str) -> Query {
    Query { sort: Some(by.into()), ..Query::default() }
}

#[test]
fn conditions_are_sql() {
    assert_eq!(replicates(&condition("depth = 1")).unwrap(), [1, 4]);
    assert_eq!(replicates(&condition("encoding = 'polynomial(3)' AND test_rmse > 3")).unwrap(), [3, 4, 5]);
    assert_eq!(replicates(&condition("width IS NULL -- without hidden layers")).unwrap(), [0, 3]);
    assert_eq!(replicates(&condition("status = 'failed'")).unwrap(), [0i64; 0]);
}

#[test]
fn sorting_goes_both_ways_and_by_several_columns() {
    assert_eq!(replicates(&sorted("-test_rmse")).unwrap(), [5, 4, 3, 2, 1, 0]);
    assert_eq!(replicates(&sorted("test_rmse desc")).unwrap(), [5, 4, 3, 2, 1, 0]);
    assert_eq!(replicates(&sorted("depth, -replicate")).unwrap(), [3, 0, 4, 1, 5, 2]);
    assert_eq!(replicates(&sorted("width, replicate ASC")).unwrap(), [1, 2, 4, 5, 0, 3], "missing values come last");
    let two = Query { limit: Some(2), ..sorted("replicate") };
    assert_eq!(replicates(&two).unwrap(), [0, 1]);
}

#[test]
fn what_a_later_version_measured_and_varied_has_columns_wherever_it_is_read_from() {
    let mut later = record(1);
    later.configuration.push(("temperature".into(), Cell::Number(0.5)));
    later.measures.push(("surprise".into(), 7.25));
    let (files, folder) = (Memory::default(), Path::new("/results/sample"));
    let writer = Writer::open_on(Arc::new(files.clone()), folder, &sweep(), Box::new(|_| ())).unwrap();
    [&record(0), &later].into_iter().for_each(|record| writer.append(record, None).unwrap());
    writer.flush().unwrap();
    let has_them = || {
        let results = Results::open_on(Arc::new(files.clone()), folder).unwrap();
        for (name, value) in [("temperature", 0.5), ("surprise", 7.25)] {
            let column = results.runs().column(name).unwrap().f64().unwrap().clone();
            assert_eq!(column.iter().flatten().collect::<Vec<f64>>(), [value], "{name}");
        }
    };
    has_them();
    writer.close().unwrap();
    has_them();
}

#[test]
fn wrong_queries_say_what_is_right() {
    let says = |asked: &Query| replicates(asked).unwrap_err().to_string();
    for message in [says(&condition("test_rsme < 1")), says(&sorted("test_rsme"))] {
        assert!(
            message.starts_with("there is no column `test_rsme`; did you mean `test_rmse`?\nThe columns are run, "),
            "{message}"
        );
    }
    let columns = Query { columns: Some(vec!["deph".into()]), ..Query::default() };
    assert!(says(&columns).contains("did you mean `depth`?"));
    assert!(says(&condition("depth =")).starts_with("`depth =` is not a condition over the columns: "));
    assert!(
        says(&condition("task < 3")).starts_with("`task < 3` is not a condition"),
        "{}",
        says(&condition("task < 3"))
    );
}

#[test]
fn columns_that_tell_runs_apart_are_those_that_vary() {
    let columns = telling_columns(results().runs(), Some("excess")).unwrap();
    assert_eq!(columns, ["run", "depth", "replicate", "status", "excess", "test_rmse", "domain_rmse"]);
}

#[test]
fn a_row_gives_back_the_configuration_that_was_trained() {
    let results = results();
    for row in 0..6 {
        let replicate = results.runs().column("replicate").unwrap().i64().unwrap().get(row).unwrap();
        assert_eq!(store::configuration(results.runs(), row).unwrap(), configuration(replicate % 3));
    }
}

#[test]
fn a_run_is_shown_with_everything_that_is_known_of_it() {
    let shown = store::show(&results(), record(1).identity.run).unwrap();
    insta::assert_snapshot!(shown.to_text(), @r#"
    run 59610f9eb0091fee0baa
      config         53cd993592a6e3b24a7a
      sweep          sample
      grids          fixes, größer
      replicate      1
      seed           1
      status         finished
      epochs_done    3
      parameters     4353
      features       3
      seconds        0.25
      device         cpu
      digest         1ecbce1b427ac27696615e69ef632b339086c5c4f8b81f8603d412567b2524d1
      environment    cafe

    parameters
      encoding             polynomial(3)
      depth                1
      task                 square  (default)
      operands             1  (default)
      largest              1000  (default)
      examples             1000  (default)
      test_examples        1000  (default)
      noise                0  (default)
      normalization        standardize  (default)
      width                64  (default)
      layer                dense  (default)
      activation           relu  (default)
      layer_norm           none  (default)
      bias                 true  (default)
      dropout              0  (default)
      init                 glorot_uniform  (default)
      optimizer            adam  (default)
      learning_rate        0.001  (default)
      beta1                0.9  (default)
      beta2                0.999  (default)
      epsilon              1e-7  (default)
      weight_decay         0  (default)
      schedule             constant  (default)
      warmup               0  (default)
      loss                 mse  (default)
      epochs               500  (default)
      batch                100  (default)
      precision            f32  (default)
      numerics             fast  (default)

    measures
                                    train           test         domain  extrapolation
      rmse                              -            1.1          5e299              -

    curve, epochs 1 to 3, logarithmic
      train_loss  █▄▁ 0.5 → 0.166667
      test_rmse   ▁▁▁ 3 → 3
    "#);
    let document: serde_json::Value = serde_json::from_str(&shown.document().to_string()).unwrap();
    assert_eq!(document["version"], 1);
    assert_eq!(document["configuration"]["encoding"], "polynomial(3)");
    assert_eq!(document["curve"][2]["epoch"], 3);
}

#[test]
fn a_sparkline_leaves_blanks_where_values_are_missing() {
    let values = [Some(1000.0), Some(100.0), None, Some(1.0)];
    assert_eq!(store::sparkline(&values, 10), "█▆ ▁");
    assert_eq!(store::sparkline(&values, 2), "█▁");
    assert_eq!(store::sparkline(&[Some(2.0), Some(2.0)], 9), "▁▁");
    assert_eq!(store::sparkline(&[], 9), "");
}
