//! What users are told about sweep files: the whole message for each kind of mistake, the messages of mistakes that only
//! the points of a grid show, and the schema that editors read.
//!
//! A message that changed on purpose is accepted with `INSTA_UPDATE=always cargo test --release --test sweep_files`.

use std::collections::HashSet;
use std::path::Path;

use ablate::plan::{self, Limits, Plan};
use ablate::sweep::{self, parse};

/// What is printed for a sweep file that is invalid, by itself or by its points.
fn message(text: &str, overrides: &[&str]) -> String {
    let overrides: Vec<String> = overrides.iter().map(ToString::to_string).collect();
    let sweep = match parse(text, "x.yaml", &overrides) {
        Ok(sweep) => sweep,
        Err(invalid) => return invalid.to_string(),
    };
    match Plan::of(&sweep, &HashSet::new(), &Limits::default()) {
        Ok(plan) => panic!("a sweep of {} runs where an error was expected", plan.runs()),
        Err(error) => format!("{error}\n"),
    }
}

/// A file with the given lines below its first two.
fn file(rest: &str) -> String {
    format!("version: 1\nname: x\n{rest}")
}

/// One test for each mistake: `name: text of the file, overrides`; and all of them as a list under the first name.
macro_rules! mistakes {
    ($all:ident; $( $name:ident: $text:expr $(, [$($override:literal),+])?; )+) => {
        fn $all() -> Vec<(&'static str, String, &'static [&'static str])> {
            vec![$( (stringify!($name), String::from($text), &[$($($override),+)?]) ),+]
        }
        $(
        #[test]
        fn $name() {
            let text = $text;
            let shown = message(&text, &[$($($override),+)?]);
            insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => "sweep_files" }, {
                insta::assert_snapshot!(stringify!($name), shown);
            });
        }
    )+ };
}

// The file as a whole.
mistakes! {
    the_file;
    empty_file: "";
    only_comments: "# nothing yet\n\n";
    a_list_instead_of_keys: "- version: 1\n- name: x\n";
    version_and_name_missing: "question: Why?\n";
    wrong_version: "version: 2\nname: x\n";
    version_as_text: "version: \"1\"\nname: x\n";
    name_with_a_slash: "version: 1\nname: ../why squares?\n";
    name_is_a_number: "version: 1\nname: 2026\n";
    name_with_spaces_around: "version: 1\nname: \"  y  \"\n";
    name_with_a_line_end: "version: 1\nname: |\n  y\n";
    question_of_a_space: "version: 1\nname: x\nquestion: \" \"\n";
    grid_name_with_a_line_end: "version: 1\nname: x\ngrids: {\"a\\n\": {base: {depth: 1}}}\n";
    name_too_long: format!("version: 1\nname: {}\n", "x".repeat(65));
    two_documents: "version: 1\nname: x\n---\nversion: 1\nname: y\n";
}

// YAML itself.
mistakes! {
    yaml;
    tab_indentation: file("base:\n\tdepth: 2\n");
    bracket_left_open: file("base:\n  hidden: [20, 100\n  depth: 2\n");
    uneven_indentation: file("base:\n    depth: 2\n  width: 3\n");
    colon_in_plain_text: file("question: Why: squares\n");
    quote_left_open: file("question: 'Why\n");
    unknown_alias: file("base: *shared\n");
    merge_key_at_the_top: file("base: &b {depth: 2}\n<<: *b\n");
    number_in_base_two: file("grid: {depth: [1, 0b11], width: [0x10, 0o17]}\n");
    negative_number_in_base_two_below: file("base:\n  # ä: 0b1\n  depth: -0B1\n");
    merge_key: file("base: &b {depth: 2}\ngrids:\n  a:\n    base: {<<: *b, width: 8}\n");
    unknown_tag: file("base: {depth: !mine 2}\n");
    alias_bomb: file("a: &a [1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\n\
        d: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e]\n");
    nested_too_deep: file(&format!("base: {}1{}\n", "[".repeat(100), "]".repeat(100)));
    escape_sequences_in_a_key: file("\"\\e[31mred\\u202e\": 1\n");
    control_character: file("question: a\u{7}b\n");
    very_long_line: file(&format!("base: {{width: 64,{}batch: 100, dept: 3}}\n", " ".repeat(230)));
    not_ascii_before_the_mistake: file("base: {\"größe\": 3, \"学习\": 0.1, depth: -1}\n");
}

// Keys.
mistakes! {
    keys;
    unknown_key_at_the_top: file("questoin: Why?\n");
    unknown_key_like_nothing: file("colour: red\n");
    parameter_at_the_top: file("activation: relu\n");
    misspelt_parameter_at_the_top: file("activaton: [relu]\n");
    seed_at_the_top: file("seed: 3\n");
    unknown_key_in_base: file("base:\n  activaton: relu\n");
    unknown_key_in_grid: file("grid:\n  widht: [1, 2]\n");
    unknown_key_in_a_named_grid: file("grids:\n  a:\n    gird: {depth: [1]}\n");
    parameter_in_a_named_grid: file("grids:\n  a:\n    depth: [1, 2]\n");
    top_level_key_in_a_named_grid: file("grids:\n  a:\n    metric: {name: test_rmse}\n");
    nothing_varies_in_a_grid: file("replicates: {count: 3}\ngrids:\n  a:\n    base: {depth: 1}\n    replicates: {count: 4, vary: []}\n");
    unknown_parameter_like_nothing: file("base: {colour: red}\n");
    name_from_another_program: file("base: {lr: 0.1, batch_size: 10}\n");
    seed_as_a_parameter: file("grid: {seed: [1, 2, 3]}\n");
    replicates_inside_base: file("base:\n  depth: 2\n  replicates: {count: 3}\n");
    duplicate_key: file("base:\n  depth: 2\n  width: 8\n  depth: 3\n");
    duplicate_key_at_the_top: file("base: {depth: 2}\nbase: {width: 2}\n");
    grid_beside_grids: file("grid: {depth: [1, 2]}\ngrids: {a: {grid: {depth: [1]}}}\n");
    grids_without_names: file("grids: {depth: [1, 2]}\n");
    grids_without_grids: file("grids: {}\n");
    grid_with_nothing_in_it: file("grids:\n  a:\n");
    grid_name_with_spaces: file("grids: {\"my grid\": {base: {depth: 1}}}\n");
}

// Values.
mistakes! {
    values;
    wrong_word: file("base: {task: sqare}\n");
    wrong_word_like_nothing: file("base: {task: cosine}\n");
    word_without_its_argument: file("base: {encoding: polynomial}\n");
    word_with_an_argument_too_many: file("base: {encoding: {binary: 8}}\n");
    argument_out_of_range: file("base: {encoding: {polynomial: 99}}\n");
    colon_without_a_space: file("grid: {encoding: [scalar, {polynomial:2}]}\n");
    text_for_a_number: file("base: {learning_rate: fast}\n");
    number_in_quotes: file("base: {learning_rate: \"1e-3\"}\n");
    number_with_separators: file("base: {examples: 10_000}\n");
    fraction_for_a_whole_number: file("grid: {depth: [1, 2.5]}\n");
    exponent_for_a_whole_number: file("base: {examples: 1e3}\n");
    leading_zeros: file("base: {depth: 007}\n");
    number_out_of_range: file("base: {beta1: 1, learning_rate: 0, width: 0}\n");
    not_a_finite_number: file("base: {learning_rate: .inf}\n");
    whole_number_beyond_64_bits: file("base: {examples: 18446744073709551615}\n");
    whole_number_with_a_point: file("base: {depth: 3.0}\n");
    batch_beyond_32_bits: file("base: {batch: 5000000000}\n");
    whole_number_that_would_be_rounded: file("base: {learning_rate: 9007199254740993}\n");
    none_where_there_is_always_one: file("base: {depth: none}\n");
    wrong_number_where_there_may_be_none: file("base: {clip_norm: -1}\n");
    yes_for_a_flag: file("base: {bias: yes}\n");
    one_for_a_flag: file("grid: {bias: [0, 1]}\n");
    empty_value: file("base:\n  depth:\n  width: 8\n");
    wrong_width_in_hidden: file("base: {hidden: [20, 100.5, 20]}\n");
}

// Several settings under one name.
mistakes! {
    settings;
    settings_as_a_number: file("base: {early_stop: 5}\n");
    settings_with_one_missing: file("base:\n  early_stop: {metric: test_rmse}\n");
    settings_with_an_unknown_one: file("base:\n  early_stop: {patience: 5, min_detla: 0.1}\n");
    settings_with_a_wrong_value: file("base:\n  early_stop: {patience: 5, metric: tset_loss}\n");
    settings_with_an_empty_value: file("base:\n  early_stop:\n    patience:\n    metric: test_loss\n");
    settings_without_spaces: file("base: {early_stop: {patience:5, metric: test_loss}}\n");
    settings_of_a_word_out_of_range: file("grid:\n  schedule: [constant, {step: {every: 10, factor: 1.5}}]\n");
    settings_of_a_word_missing: file("grid:\n  schedule: [constant, {step: {every: 10}}]\n");
    settings_of_a_word_as_a_number: file("grid:\n  schedule: [constant, {step: 10}]\n");
    settings_of_a_word_left_out: file("base: {schedule: step}\n");
    settings_of_a_word_without_spaces: file("base: {schedule: {step: {every:10, factor: 0.5}}}\n");
    settings_as_an_axis: file("grid: {early_stop: {patience: 5}}\n");
    settings_that_contradict_each_other: file("base:\n  layer: nau\n  sparsity: {strength: 1, start: 0.5, end: 0.3}\n");
    settings_twice: file("grid: {early_stop: [{patience: 5}, {min_delta: 0, patience: 5}]}\n");
    override_with_wrong_settings: file(""), ["schedule=linear,{step: {every: 10, factr: 0.5}}"];
}

// Lists and single values.
mistakes! {
    lists;
    empty_axis: file("grid:\n  depth: []\n");
    axis_without_a_value: file("grid:\n  depth:\n");
    empty_base: file("base:\n");
    scalar_for_an_axis: file("grid: {activation: relu}\n");
    wrong_scalar_for_an_axis: file("grid: {activation: rleu}\n");
    word_with_argument_for_an_axis: file("grid: {encoding: {polynomial: 2}}\n");
    list_in_base: file("base: {activation: [relu, tanh]}\n");
    one_item_list_in_base: file("base: {depth: [2]}\n");
    widths_as_an_axis: file("grid: {hidden: [20, 100, 20]}\n");
    axis_of_widths_in_base: file("base: {hidden: [[20, 100], [64]]}\n");
    list_through_an_alias: file("base: {hidden: &widths [4, 8]}\ngrids:\n  a: {base: {depth: *widths}}\n");
    one_width_for_hidden: file("base: {hidden: 64}\n");
    nested_list_in_an_axis: file("grid: {activation: [[relu], tanh]}\n");
    same_value_twice: file("grid: {learning_rate: [1, 0.5, 1.0]}\n");
    zip_and_base: file("base: {depth: 2}\nzip: {shape: {depth: [1, 2], width: [4, 8]}}\n");
    axis_and_base: file("base: {depth: 2}\ngrid: {depth: [1, 2]}\n");
    exclude_as_a_mapping: file("grid: {depth: [1, 2]}\nexclude: {depth: 2}\n");
    exclude_with_a_list: file("grid: {depth: [1, 2]}\nexclude: [{depth: [1, 2]}]\n");
    exclude_everything: file("grid: {depth: [1, 2]}\nexclude: [{}]\n");
    exclude_an_unknown_parameter: file("grid: {depth: [1, 2]}\nexclude: [{dpeth: 2}]\n");
}

// Axes that are not lists, and zips.
mistakes! {
    generators;
    range_without_a_step: file("grid:\n  depth: {range: {min: 1, max: 5}}\n");
    range_that_misses_its_end: file("grid: {depth: {range: {min: 1, max: 6, step: 2}}}\n");
    range_of_words: file("grid: {activation: {range: {min: 1, max: 5, step: 2}}}\n");
    range_with_a_fraction_for_a_whole_number: file("grid: {depth: {range: {min: 1, max: 5, step: 0.5}}}\n");
    range_backwards: file("grid: {depth: {range: {min: 5, max: 1, step: 1}}}\n");
    range_beyond_what_is_taken: file("grid: {dropout: {range: {min: 0, max: 1, step: 0.5}}}\n");
    range_of_too_many: file("grid: {learning_rate: {range: {min: 1e-9, max: 1.000000001, step: 1e-9}}}\n");
    range_of_too_many_together: file("grid:\n  noise: {range: {min: 1, max: 600000, step: 1}}\n  learning_rate: {range: {min: 1, max: 600000, step: 1}}\n");
    range_that_misses_its_end_near_the_largest: file("grid: {dropout: {range: {min: 0, max: 0.9, step: 0.4}}}\n");
    range_from_a_full_batch: file("grid: {batch: {range: {min: full, max: 100, step: 10}}}\n");
    log_range_to_a_full_batch: file("grid: {batch: {log_range: {min: 10, max: full, num: 3}}}\n");
    uniform_to_a_full_batch: file("grid: {batch: {uniform: {min: 10, max: full}}}\nsample: {method: random, count: 3}\n");
    log_uniform_from_a_full_batch: file("grid: {batch: {log_uniform: {min: full, max: full}}}\nsample: {method: random, count: 3}\n");
    range_finer_than_numbers: file("grid: {learning_rate: {range: {min: 1, max: 1.000000000000001, step: 1e-16}}}\n");
    log_range_finer_than_numbers: file("grid: {learning_rate: {log_range: {min: 1, max: 1.0000000000000002, num: 3}}}\n");
    log_range_from_zero: file("grid: {noise: {log_range: {min: 0, max: 1, num: 3}}}\n");
    log_range_too_fine: file("grid: {depth: {log_range: {min: 1, max: 4, num: 9}}}\n");
    log_range_of_one: file("grid: {width: {log_range: {min: 1, max: 4, num: 1}}}\n");
    misspelt_generator: file("grid: {depth: {rnage: {min: 1, max: 4, step: 1}, when: {task: sum}}}\n");
    generator_in_base: file("base: {depth: {range: {min: 1, max: 4, step: 1}}}\n");
    two_generators: file("grid: {depth: {values: [1], range: {min: 1, max: 4, step: 1}}}\n");
    when_alone: file("grid: {momentum: {when: {optimizer: sgd}}}\n");
    when_with_an_unknown_parameter: file("grid: {momentum: {values: [0, 0.9], when: {optimiser: sgd}}}\n");
    when_in_a_circle: file("grid:\n  depth: {values: [1, 2], when: {width: 8}}\n  width: {values: [4, 8], when: {depth: 2}}\n");
    interval_without_a_sample: file("grid: {width: {uniform: {min: 8, max: 256}}}\n");
    interval_in_a_zip: file("grid: {depth: [1, 2]}\nzip: {a: {width: {uniform: {min: 8, max: 256}}, batch: [1, 2]}}\nsample: {method: random, count: 3}\n");
    interval_by_an_override: file("grid: {width: [8, 16]}\n"), ["width={uniform: {min: 8, max: 256}}"];
    zip_of_two_lengths: file("zip:\n  shape:\n    depth: [1, 2]\n    width: [64, 32, 16]\n");
    zip_with_a_row_twice: file("zip:\n  shape:\n    depth: [1, 2, 1, 1]\n    width: [64, 32, 16, 64]\n");
    zip_without_a_name: file("zip: {depth: [1, 2], width: [64, 32]}\n");
    parameter_in_two_zips: file("zip:\n  shape: {depth: [3, 4], width: [64, 32]}\n  other: {depth: [1, 2], bias: [true, false]}\n");
    zip_beside_grids: file("zip: {shape: {depth: [3, 4], width: [64, 32]}}\ngrids: {a: {base: {task: sum}}}\n");
}

// Constraints, included points, samples.
mistakes! {
    rules;
    constraint_that_is_no_sql: file("grid: {depth: [1, 2]}\nconstraints: [\"depth <\"]\n");
    constraint_about_nothing_known: file("grid: {depth: [1, 2]}\nconstraints: [\"dept < 2\"]\n");
    constraint_that_is_a_number: file("grid: {depth: [1, 2]}\nconstraints: [\"depth * 2\"]\n");
    constraint_between_kinds: file("grid: {depth: [1, 2]}\nconstraints: [\"depth < activation\"]\n");
    constraint_over_all_points: file("grid: {depth: [1, 2]}\nconstraints: [\"depth < MAX(depth)\"]\n");
    constraint_of_the_last_point: file("grid: {depth: [1, 2]}\nconstraints: [\"LAST_VALUE(depth) = 1\"]\n");
    constraint_of_any_point: file("grid: {depth: [1, 2]}\nconstraints: [\"depth > ANY(width)\"]\n");
    constraint_of_all_words: file("grid: {task: [sum, cube]}\nconstraints: [\"STRING_AGG(task, ',') LIKE '%sum%'\"]\n");
    constraint_in_capitals: file("grid: {depth: [1, 2]}\nconstraints: [DEPTH <= 2]\n");
    constraint_that_reads_a_file: file("constraints: [\"depth < (SELECT 2 FROM read_csv('/etc/passwd'))\"]\n");
    constraint_as_text: file("constraints: depth < 2\n");
    same_constraint_twice: file("constraints: [depth < 3, depth < 3]\n");
    include_as_a_mapping: file("include: {depth: 2}\n");
    include_with_a_list: file("include: [{depth: [2, 3]}]\n");
    include_without_effect: file("include: [{beta1: 0.5, optimizer: sgd}]\n");
    include_of_what_cannot_be: file("base: {encoding: binary}\ninclude:\n  - {normalization: log}\n");
    sample_without_a_count: file("grid: {depth: [1, 2]}\nsample: {method: sobol}\n");
    sample_by_an_unknown_method: file("grid: {depth: [1, 2]}\nsample: {method: halton, count: 4}\n");
    sample_of_nothing: file("grid: {depth: [1, 2]}\nsample: {method: sobol, count: 0}\n");
    sample_without_axes: file("base: {depth: 2}\nsample: {method: sobol, count: 4}\n");
}

// Metric, replicates, claims.
mistakes! {
    purpose;
    metric_as_text: file("metric: test_rmse\n");
    metric_without_a_name: file("metric: {goal: minimize}\n");
    wrong_goal: file("metric: {name: test_r2, goal: max}\n");
    replicates_as_a_number: file("replicates: 5\n");
    no_replicates: file("replicates: {count: 0}\n");
    list_of_seeds: file("replicates: {seed: [1, 2, 3]}\n");
    seeds_beyond_the_largest: file("replicates: {seed: 9007199254740991, count: 3}\n");
    wrong_thing_to_vary: file("replicates: {count: 2, vary: [data, weights, inits, data]}\n");
    nothing_varies: file("replicates: {count: 3, vary: []}\n");
    claim_without_expect: file("claims:\n  - name: it fits\n    where: task = 'sum'\n    expects: max(test_rmse) < 1\n");
    claims_as_a_mapping: file("claims: {name: it fits}\n");
    same_claim_twice: file("claims:\n  - {name: a, expect: b}\n  - {name: a, expect: c}\n");
    claim_that_compares_with_nothing: file("claims:\n  - {name: a, compare: {a: depth = 1, metrics: test_rmse}}\n");
    claim_with_a_comparison_as_text: file("claims:\n  - {name: a, compare: relu}\n");
    claim_with_neither: file("claims:\n  - {name: a, where: depth = 1}\n");
    claim_that_is_no_text: file("claims:\n  - {name: a, expect: true}\n");
}

// The command line.
mistakes! {
    command_line;
    override_without_a_value: file(""), ["depth"];
    override_with_an_empty_value: file(""), ["depth=1,,2"];
    override_of_an_unknown_parameter: file(""), ["actvation=relu"];
    override_with_a_wrong_value: file(""), ["activation=relu,tahn,  sigmod"];
    override_with_a_list: file(""), ["activation=[relu,tanh]"];
    override_with_flat_widths: file(""), ["hidden=20,100"];
    override_with_widths_in_brackets: file(""), ["hidden=[[64],[32, 8]]"];
    override_with_counts: file(""), ["replicates.count=2,3"];
    override_with_seeds_beyond_the_largest: file("replicates: {count: 3}\n"), ["replicates.seed=9007199254740990"];
    override_given_twice: file(""), ["depth=1", "depth=2"];
    override_of_the_name: file(""), ["name=y"];
    override_of_seeds: file(""), ["seed=1,2,3"];
    override_of_replicates: file(""), ["replicates.count=0", "replicates.cuont=2", "replicates.seed=1,2"];
    override_with_a_bracket_left_open: file(""), ["hidden=[20,100"];
    override_with_control_characters: file(""), ["depth=\u{1b}[31m2\n"];
    override_beside_a_wrong_file: file("bsae: {depth: 2}\n"), ["depth=0.5"];
}

// What only the points of a grid show.
mistakes! {
    points;
    logarithm_of_binary_digits: file("base:\n  encoding: binary\ngrid:\n  normalization: [max, log]\n");
    logarithm_of_binary_digits_in_base: file("base:\n  encoding: binary\n  normalization: log\n");
    logarithm_on_one_side: file("base: {encoding: log, input_normalization: log}\n");
    targets_too_large: file("base: {task: product}\ngrid: {operands: [2, 6]}\n");
    cubes_too_large: file("base:\n  task: cube\n  largest: 200000\n");
    logarithm_of_differences: file("base:\n  task: difference\n  target_normalization: log\n");
    logarithm_of_noise: file("base: {target_normalization: log}\ngrid: {noise: [0, 0.1]}\n");
    logarithm_of_bins: file("base: {encoding: {onehot: 10}, input_normalization: log}\n");
    quotient_of_one_number: file("base: {task: quotient, operands: 1}\n");
    more_bins_than_numbers: file("base: {largest: 50}\ngrid: {encoding: [scalar, {onehot: 64}]}\n");
    more_bins_than_numbers_by_default: file("base: {encoding: {thermometer: 1024}}\n");
    more_periods_than_numbers: file("base: {encoding: {fourier: 600}}\n");
    too_many_features: file("base: {task: sum, operands: 8, encoding: {onehot: 1000}}\n");
    lbfgs_in_batches: file("base: {batch: 100}\ngrid: {optimizer: [adam, lbfgs]}\n");
    lbfgs_with_dropout: file("base: {optimizer: lbfgs, dropout: 0.1}\n");
    width_beside_hidden: file("base:\n  hidden: [3, 4]\n  width: 5\n");
    nesterov_under_adam: file("base: {optimizer: adam, nesterov: true}\n");
    nesterov_alone: file("base: {nesterov: true}\n");
    nesterov_under_many: file("grid: {optimizer: [adam, rmsprop], nesterov: [true]}\n");
    nesterov_without_momentum: file("base: {optimizer: sgd, nesterov: true}\n");
    nesterov_without_sgd: file("base: {nesterov: true, momentum: 0.9}\n");
    warmup_for_the_whole_run: file("base: {epochs: 20, warmup: 20}\n");
    normalization_of_one_unit: file("base: {layer_norm: rms}\ngrid: {width: [1, 8]}\n");
    normalization_of_one_example: file("base: {layer_norm: batch, examples: 101, batch: 50}\n");
    initial_weights_of_an_arithmetic_layer: file("base: {layer: nmu, init: torch}\n");
    sparsity_of_a_dense_layer: file("base: {sparsity: {strength: 1}}\n");
    depth_beside_hidden: file("base:\n  hidden: [20, 20]\n  depth: 3\n");
    depth_for_all_hidden_in_a_grid: file("base:\n  depth: 3\ngrids:\n  a:\n    grid:\n      hidden: [[20], [30]]\n");
    normalization_beside_both_sides: file("base: {normalization: standardize, input_normalization: max, target_normalization: max}\n");
    grid_without_a_point: file("grid: {depth: [1, 2], optimizer: [adam, sgd]}\nexclude: [{depth: 1}]\nconstraints: [depth < 2]\n");
    sample_too_large: file("grid: {depth: [1, 2]}\nsample: {method: sobol, count: 2000000}\n");
    parameter_without_effect: file("base: {optimizer: sgd}\ngrid: {beta1: [0.8, 0.9]}\n");
    activation_without_a_hidden_layer: file("base: {depth: 0, activation: relu}\n");
    override_without_effect: file("base: {optimizer: sgd}\n"), ["beta1=0.5"];
    combination_by_an_override: file("grid:\n  normalization: [max, log]\n"), ["encoding=scalar,binary"];
    plan_too_large: file(&format!("replicates: {{count: 1000}}\ngrids:\n  small: {{grid: {{depth: [1, 2]}}}}\n  large:\n    grid:\n      epochs: {0:?}\n      width: {0:?}\n      examples: {0:?}\n", (1..=1000).collect::<Vec<_>>()));
}

/// The values of an axis of a file, as columns show them.
fn shown(text: &str, overrides: &[&str], parameter: &str) -> Vec<String> {
    let overrides: Vec<String> = overrides.iter().map(ToString::to_string).collect();
    let sweep = parse(text, "x.yaml", &overrides).unwrap_or_else(|invalid| panic!("{invalid}"));
    let plan = Plan::of(&sweep, &HashSet::new(), &Limits::default()).unwrap_or_else(|error| panic!("{error}"));
    let parameter = ablate::config::parameter(parameter).unwrap();
    let value =
        |point: &plan::Point| point.configuration().column(parameter).map_or("-".into(), |value| value.to_string());
    plan.points.iter().map(|point| value(point)).collect()
}

#[test]
fn settings_are_values_like_any_other() {
    let steps = ["constant", "step(every=10, factor=0.5)"];
    assert_eq!(
        shown(&file("grid: {schedule: [constant, {step: {every: 10, factor: 0.5}}]}\n"), &[], "schedule"),
        steps
    );
    assert_eq!(shown(&file(""), &["schedule=constant,{step: {factor: 0.5, every: 10}}"], "schedule"), steps);
    let stop = ["metric=test_loss, patience=5, min_delta=0"];
    assert_eq!(shown(&file("base: {early_stop: {patience: 5}}\n"), &[], "early_stop"), stop);
    assert_eq!(shown(&file(""), &["early_stop={patience: 5}"], "early_stop"), stop);
    assert_eq!(shown(&file("base: {early_stop: {patience: 9}}\n"), &["early_stop={patience: 5}"], "early_stop"), stop);
    assert_eq!(shown(&file(""), &[], "early_stop"), ["-"]);
    assert_eq!(shown(&file("base: {layer: nmu}\n"), &[], "sparsity"), ["strength=10, start=0.2, end=0.4"]);
}

#[test]
fn what_may_be_absent_may_be_an_axis() {
    assert_eq!(shown(&file("grid: {clip_norm: [none, 1]}\n"), &[], "clip_norm"), ["-", "1"]);
    assert_eq!(shown(&file("base: {clip_norm: 2}\n"), &["clip_norm=none"], "clip_norm"), ["-"]);
    let stops = file("grid: {early_stop: [none, {patience: 5}]}\nexclude: [{early_stop: none}]\n");
    assert_eq!(shown(&stops, &[], "early_stop").len(), 1);
    let widths = file("base: {depth: 3}\ngrid: {hidden: [none, [8, 4]]}\n");
    assert_eq!(shown(&widths, &[], "hidden"), ["-", "[8, 4]"]);
    assert_eq!(shown(&widths, &[], "depth"), ["3", "-"]);
    assert_eq!(shown(&file("base: {hidden: [8, 4]}\n"), &["hidden=none,[4, 8]"], "hidden"), ["-", "[4, 8]"]);
    // It is the default, and changes no identity.
    let ids = |text: &str| {
        let sweep = parse(&file(text), "x.yaml", &[]).unwrap_or_else(|invalid| panic!("{invalid}"));
        let plan = Plan::of(&sweep, &HashSet::new(), &Limits::default()).unwrap_or_else(|error| panic!("{error}"));
        plan.points.iter().map(|point| point.id).collect::<Vec<_>>()
    };
    assert_eq!(ids("base: {clip_norm: none, early_stop: none, hidden: none}\n"), ids(""));
}

#[test]
fn the_whole_language_goes_together() {
    let text = "version: 1
name: all-of-it
question: Does all of it go together?
metric: {name: test_rmse, goal: minimize}
base: {largest: 100, examples: 100, epochs: 5, batch: 20}
exclude: [{activation: tanh, normalization: seed}]
grids:
  listed: {base: {task: sum, hidden: [20, 100, 20], activation: linear, normalization: seed}}
  made:
    base: {task: square}
    grid:
      activation: [linear, relu, tanh, {leaky_relu: 0.01}]
      normalization: [seed, max, standardize]
      learning_rate: {log_range: {min: 1.0e-4, max: 1.0e-1, num: 4}}
      depth: {range: {min: 1, max: 5, step: 2}}
      momentum: {values: [0.0, 0.9], when: {optimizer: sgd}}
    zip: {shape: {depth: [1, 2], width: [256, 64]}}
    constraints: ['depth * width <= 256']
    include: [{activation: relu, depth: 12}]
  drawn:
    sample: {method: sobol, count: 64, seed: 1}
    grid:
      learning_rate: {log_uniform: {min: 1.0e-4, max: 1.0e-1}}
      width: {uniform: {min: 8, max: 256}}
      activation: [relu, tanh]
replicates: {count: 5, seed: 0, vary: [data, init, shuffle]}
claims:
  - {name: lines fit sums, where: task = 'sum', expect: max(train_rmse_rounded) = 0}
";
    let sweep = parse(text, "x.yaml", &[]).unwrap_or_else(|invalid| panic!("{invalid}"));
    let plan = Plan::of(&sweep, &HashSet::new(), &Limits::default()).unwrap_or_else(|error| panic!("{error}"));
    // 4 activations x 3 normalizations x 4 rates x 3 depths x 2 shapes x 2 momenta: the shape decides the depth, and
    // without SGD there is no momentum, so a sixth of them are different; a twelfth of those is excluded.
    let removed: u64 = plan.excluded.iter().map(|rule| rule.points).sum();
    assert_eq!(removed + plan.equal + plan.configurations(), 1 + 576 + 1 + 64);
    assert_eq!((plan.configurations(), removed), (1 + 88 + 1 + 64, 48));
    assert_eq!(plan.runs(), 5 * 154);
}

#[test]
fn several_mistakes_are_all_reported_in_the_order_of_the_file() {
    let text = "version: 1\nname: x y\nbase:\n  activaton: relu\n  depth: two\ngrid:\n  width: 8\n";
    let shown = message(text, &["batch=0"]);
    let places: Vec<&str> = shown.lines().filter(|line| line.contains(".yaml:") || line.contains("line:")).collect();
    assert_eq!(places.len(), 5, "{shown}");
    let starts = ["x.yaml:2:", "x.yaml:4:", "x.yaml:5:", "x.yaml:7:", "command line:1:"];
    assert!(places.iter().zip(starts).all(|(place, start)| place.starts_with(start)), "{shown}");
}

#[test]
fn many_mistakes_are_counted() {
    let keys = (0..50).map(|i| format!("key{i}: 1\n")).collect::<Vec<_>>().concat();
    let shown = message(&file(&keys), &[]);
    assert!(shown.ends_with("\nand 30 more\n"), "{shown}");
}

#[test]
fn a_file_that_is_not_utf_8_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("latin.yaml");
    write(&path, b"version: 1\nname: x\nquestion: fa\xe7ade\n");
    let error = sweep::load(&path, &[]).unwrap_err().to_string();
    let shown = error.replace(&path.display().to_string(), "latin.yaml");
    assert_eq!(
        shown,
        "latin.yaml:3:13: this is not UTF-8\n 3 | question: fa\u{fffd}ade\n   |             ^\nhint: save the file as UTF-8\n"
    );
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let absent = sweep::load(&folder.path().join("absent.yaml"), &[]).unwrap_err();
    assert!(absent.to_string().contains("absent.yaml"), "{absent}");
    assert!(matches!(absent, sweep::Error::Unreadable { .. }));
    let large = folder.path().join("large.yaml");
    write(&large, "# no sweep\n".repeat(100_000).as_bytes());
    assert!(matches!(sweep::load(&large, &[]).unwrap_err(), sweep::Error::TooLarge { .. }));
}

#[test]
fn the_metric_is_checked_against_the_measures() {
    let text = file("metric:\n  name: test_rsme\n  goal: minimize\n");
    let sweep = parse(&text, "x.yaml", &[]).unwrap();
    assert_eq!(sweep.check_metric(["test_rsme"]), Ok(()));
    let invalid = sweep.check_metric(["test_r2", "test_rmse"]).unwrap_err().to_string();
    assert_eq!(
        invalid,
        "x.yaml:4:9: `test_rsme` is no measure\n 4 |   name: test_rsme\n   |         ^^^^^^^^^\nhint: did you mean `test_rmse`?\n"
    );
}

/// What no schema sees: SQL, how a number is spelt, whether two values agree, and what only the points show. Every other
/// mistake is one that an editor underlines.
#[rustfmt::skip]
const BEYOND_A_SCHEMA: &[&str] = &[
    "activation_without_a_hidden_layer", "constraint_about_nothing_known", "constraint_between_kinds", "constraint_in_capitals", "constraint_of_all_words", "constraint_of_any_point", "constraint_of_the_last_point", "constraint_over_all_points", "constraint_that_is_a_number", "constraint_that_is_no_sql", "constraint_that_reads_a_file", "cubes_too_large", "depth_for_all_hidden_in_a_grid", "exponent_for_a_whole_number", "grid_without_a_point", "include_of_what_cannot_be", "include_without_effect", "initial_weights_of_an_arithmetic_layer", "lbfgs_in_batches", "lbfgs_with_dropout", "leading_zeros", "log_range_finer_than_numbers", "log_range_too_fine", "logarithm_of_binary_digits", "logarithm_of_binary_digits_in_base", "logarithm_of_bins", "logarithm_of_differences", "logarithm_of_noise", "logarithm_on_one_side", "merge_key", "more_bins_than_numbers", "more_bins_than_numbers_by_default", "more_periods_than_numbers", "nesterov_alone", "nesterov_under_adam", "nesterov_under_many", "nesterov_without_momentum", "nesterov_without_sgd", "normalization_beside_both_sides", "normalization_of_one_example", "normalization_of_one_unit", "not_a_finite_number", "number_in_base_two", "number_with_separators", "parameter_in_two_zips", "parameter_without_effect", "plan_too_large", "quotient_of_one_number", "range_backwards", "range_finer_than_numbers", "range_of_too_many", "range_of_too_many_together", "range_that_misses_its_end", "range_that_misses_its_end_near_the_largest", "same_claim_twice", "sample_too_large", "seeds_beyond_the_largest", "settings_that_contradict_each_other", "settings_twice", "sparsity_of_a_dense_layer", "targets_too_large", "too_many_features", "warmup_for_the_whole_run", "when_in_a_circle", "whole_number_that_would_be_rounded", "whole_number_with_a_point", "zip_of_two_lengths", "zip_with_a_row_twice",
];

/// Every sweep that ships, and every file with a mistake, held against the schema by a validator that is not ours.
#[test]
fn a_standard_validator_agrees_with_the_schema() {
    let Some(python) = std::env::var_os("ABLATE_PYTHON") else {
        eprintln!("ABLATE_PYTHON is not set: `make test` sets it");
        return;
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let blocks = [the_file, yaml, command_line, keys, values, settings, lists, generators, rules, purpose, points];
    let mistakes: Vec<_> =
        blocks.iter().flat_map(|block| block()).filter(|(_, _, overrides)| overrides.is_empty()).collect();
    for (name, text, _) in &mistakes {
        write(&folder.path().join(format!("{name}.yaml")), text.as_bytes());
    }
    let output = std::process::Command::new(python)
        .arg(root.join("tests/fixtures/schema.py"))
        .args([root.join("sweeps/sweep.schema.json"), root.join("sweeps"), folder.path().into()])
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{shown}{}", String::from_utf8_lossy(&output.stderr));
    let accepted: HashSet<&str> = shown.lines().filter_map(|line| line.strip_prefix("accepted ")).collect();
    for file in std::fs::read_dir(root.join("sweeps")).unwrap().map(|entry| entry.unwrap().path()) {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        if file.extension().is_some_and(|extension| extension == "yaml") {
            assert!(accepted.contains(name.as_str()), "{name} is refused:\n{shown}");
        }
    }
    let mut beyond: Vec<&str> =
        mistakes.iter().map(|(name, ..)| *name).filter(|name| accepted.contains(name)).collect();
    beyond.sort_unstable();
    assert_eq!(beyond, BEYOND_A_SCHEMA);
}

/// The schema in the repository is the one that the program makes.
#[test]
fn the_schema_beside_the_sweeps_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("sweeps/sweep.schema.json");
    let current = format!("{:#}\n", sweep::schema());
    if std::env::var_os("ABLATE_UPDATE").is_some() {
        write(&path, current.as_bytes());
    }
    let saved = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        saved == current,
        "sweeps/sweep.schema.json is out of date: run `ablate schema > sweeps/sweep.schema.json`"
    );
}

#[expect(clippy::disallowed_methods, reason = "test files in folders of their own, and a schema that git keeps")]
fn write(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn a_plan_that_is_too_large_is_refused_before_anything_is_expanded() {
    let values: Vec<u32> = (1..=5000).collect();
    let axes: String =
        ["examples", "test_examples", "epochs", "width"].map(|name| format!("  {name}: {values:?}\n")).concat();
    let sweep = parse(&file(&format!("grid:\n{axes}")), "x.yaml", &[]).unwrap();
    let Err(plan::Error::TooLarge(error)) = Plan::of(&sweep, &HashSet::new(), &Limits::default()) else {
        panic!("refused");
    };
    assert_eq!(error.runs, Some(5000u128.pow(4)));
}
