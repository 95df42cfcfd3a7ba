//! Drives `setup/libtorch.py` with tiny wheels and a stand-in for pip: no network, nothing outside a temporary folder.
#![expect(clippy::disallowed_methods, reason = "the tests lay out and damage plain files")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Writes the wheels, `pins.json` that names them, and the stand-in for pip.
const LAY_OUT: &str = r#"
import hashlib, json, os, random, zipfile

draw = random.Random(1)

def wheel(name, tag, members, take):
    file = f"{name}-1.0-{tag}.whl"
    with zipfile.ZipFile(f"wheels/{file}", "w", zipfile.ZIP_DEFLATED) as archive:
        for member, data in members.items():
            archive.writestr(member, data)
    data = open(f"wheels/{file}", "rb").read()
    return {"name": name, "version": "1.0", "file": file, "bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(), "take": take}

os.makedirs("wheels")
headers = {f"torch/include/h{n}.h": f"// {n}\n" for n in range(400)}
torch = {"torch/lib/libtorch_cpu.so": draw.randbytes(300_000), "torch/lib/libtorch_cuda.so": b"cuda", "torch/unwanted.py": "", **headers}
cpu = [
    wheel("torch", "cp311-cp311-manylinux_2_28_x86_64", torch,
          {"torch/lib/libtorch_cpu.so": "lib/libtorch_cpu.so", "torch/include/": "include/"}),
    wheel("runtime", "py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64", {"nvidia/libcudart.so": b"cudart"},
          {"nvidia/libcudart.so": "lib/libcudart.so"}),
]
cuda = [
    {**cpu[0], "take": {"torch/lib/libtorch_cuda.so": "torch/lib/libtorch_cuda.so"}},
    wheel("blas", "py3-none-manylinux_2_27_x86_64", {"nvidia/libblas.so": b"blas"}, {"nvidia/": "nvidia/"}),
]
sets = {"cpu": {"unpacked": 1_000_000, "wheels": cpu}, "cuda": {"unpacked": 1_000_000, "wheels": cuda}}
json.dump({"libtorch": "2.11.0", "sets": sets}, open("pins.json", "w"))
"#;

/// Answers as pip does; `PIP_MOOD` says what goes wrong, and with which wheel.
const PIP: &str = r#"
import glob, os, pathlib, sys, time

home = pathlib.Path(__file__).parent.parent.parent
[dest] = [a.split("=", 1)[1] for a in sys.argv if a.startswith("--dest=")]
[platform] = [a.split("=", 1)[1] for a in sys.argv if a.startswith("--platform=")]
name = sys.argv[-1].split("==")[0]
mood, _, whose = os.environ.get("PIP_MOOD", "").partition(":")
mood = mood if whose in ("", name) else ""
with open(home / "asked", "a") as file:
    file.write(name + "\n")
[wheel] = glob.glob(str(home / "wheels" / f"{name}-1.0-*{platform}.whl"))
data = open(wheel, "rb").read()
if mood == "offline":
    print("WARNING: Retrying after connection broken: Temporary failure in name resolution")
    sys.exit("ERROR: Could not find a version that satisfies the requirement")
if mood == "tampered":
    data = data[:-1] + bytes([data[-1] ^ 1])
if mood == "short":
    data = data[:100]
target = pathlib.Path(dest) / os.path.basename(wheel)
if mood == "slow":
    target.write_bytes(data[:1000])
    parent = os.getppid()
    (home / "paused").touch()
    while os.getppid() == parent:
        time.sleep(0.02)
    sys.exit(1)
target.write_bytes(data)
"#;

struct Bench {
    folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        let bench = Self { folder: TempDir::new().unwrap() };
        fs::create_dir_all(bench.path("fake/pip")).unwrap();
        fs::write(bench.path("fake/pip/__init__.py"), "").unwrap();
        fs::write(bench.path("fake/pip/__main__.py"), PIP).unwrap();
        let made = Command::new(python()).args(["-c", LAY_OUT]).current_dir(bench.folder.path()).status().unwrap();
        assert!(made.success(), "the tests need {} to make wheels", python());
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The script on this bench's pins, filling `lt`.
    fn script(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(python());
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("setup/libtorch.py"));
        command.args(["--pins", "pins.json", "--into", "lt"]).args(arguments);
        self.clean(&mut command);
        command
    }

    fn clean(&self, command: &mut Command) {
        command.current_dir(self.folder.path()).env_remove("LIBTORCH").env_remove("PIP_MOOD");
        command.env("PYTHONPATH", "fake").env("PYTHONDONTWRITEBYTECODE", "1");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.script(arguments).output().unwrap()
    }

    /// Starts the script and waits until its pip stands still in the middle of the second wheel.
    fn paused(&self) -> Child {
        let child = self.script(&[]).env("PIP_MOOD", "slow:runtime").spawn().unwrap();
        let mut patience = 1000;
        while !self.path("paused").exists() {
            assert!(patience > 0, "pip was never called");
            patience -= 1;
            sleep(Duration::from_millis(10));
        }
        child
    }

    /// How often pip was asked for a wheel.
    fn asked(&self, name: &str) -> usize {
        fs::read_to_string(self.path("asked")).unwrap_or_default().lines().filter(|line| *line == name).count()
    }

    #[track_caller]
    fn assert_whole(&self) {
        assert_eq!(fs::metadata(self.path("lt/lib/libtorch_cpu.so")).unwrap().len(), 300_000);
        assert_eq!(fs::read(self.path("lt/lib/libcudart.so")).unwrap(), b"cudart");
        assert_eq!(fs::read_dir(self.path("lt/include")).unwrap().count(), 400);
        assert!(!self.path("lt/unwanted.py").exists());
        assert!(!self.path("lt.partial").exists(), "nothing is left beside a finished folder");
    }
}

fn python() -> String {
    std::env::var("PYTHON").unwrap_or_else(|_| "python3".into())
}

#[track_caller]
fn succeeded(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// The message of a refusal: one exit code, no traceback.
#[track_caller]
fn refused(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}{}", String::from_utf8_lossy(&output.stdout));
    assert!(said.starts_with("libtorch: ") && !said.contains("Traceback"), "{said}");
    said
}

#[track_caller]
fn assert_says(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(said.contains(part), "{part:?} is not in:\n{said}");
    }
}

#[test]
fn the_second_call_has_nothing_to_do() {
    let bench = Bench::new();
    succeeded(&bench.run(&[]));
    bench.assert_whole();
    assert_eq!(succeeded(&bench.run(&[])), "libtorch 2.11.0 is in lt\n");
    assert_eq!((bench.asked("torch"), bench.asked("runtime")), (1, 1));
}

#[test]
fn wheels_from_a_folder_need_no_pip() {
    let bench = Bench::new();
    fs::remove_dir_all(bench.path("fake")).unwrap();
    succeeded(&bench.run(&["--wheels", "wheels"]));
    bench.assert_whole();
    fs::remove_dir_all(bench.path("lt")).unwrap();
    assert_says(&refused(&bench.run(&["--wheels", "fake"])), &["torch-1.0-cp311", "is not there"]);
}

#[test]
fn killed_while_downloading_it_goes_on_with_what_was_verified() {
    let bench = Bench::new();
    let mut child = bench.paused();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!bench.path("lt").exists());
    succeeded(&bench.run(&[]));
    bench.assert_whole();
    assert_eq!((bench.asked("torch"), bench.asked("runtime")), (1, 2), "the first wheel was not asked for again");
}

#[test]
fn a_kept_wheel_that_was_damaged_is_downloaded_again() {
    let bench = Bench::new();
    let mut child = bench.paused();
    child.kill().unwrap();
    child.wait().unwrap();
    fs::write(bench.path("lt.partial/wheels/torch-1.0-cp311-cp311-manylinux_2_28_x86_64.whl"), "half").unwrap();
    succeeded(&bench.run(&[]));
    bench.assert_whole();
    assert_eq!(bench.asked("torch"), 2);
}

#[test]
fn a_request_to_end_is_obeyed_and_explained() {
    let bench = Bench::new();
    let child = bench.paused();
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(143));
    assert_says(&String::from_utf8_lossy(&output.stderr), &["interrupted", "run this again"]);
    succeeded(&bench.run(&[]));
    bench.assert_whole();
}

#[test]
fn killed_at_any_moment_it_leaves_a_whole_folder_or_none() {
    let bench = Bench::new();
    let start = Instant::now();
    succeeded(&bench.run(&["--wheels", "wheels"]));
    let whole_run = start.elapsed();
    let mut killed = 0;
    for moment in 0..24 {
        // Odd rounds make the first folder, even ones replace a damaged one.
        if moment % 2 == 1 && bench.path("lt").exists() {
            fs::remove_dir_all(bench.path("lt")).unwrap();
        } else if bench.path("lt").exists() {
            fs::write(bench.path("lt/lib/libcudart.so"), "").unwrap();
        }
        let mut child = bench.script(&["--wheels", "wheels"]).spawn().unwrap();
        sleep(whole_run * moment / 20);
        child.kill().unwrap();
        killed += usize::from(child.wait().unwrap().code().is_none());
        // What stands under the final name is the folder from before or the whole new one.
        if fs::read(bench.path("lt/lib/libcudart.so")).is_ok_and(|bytes| bytes == b"cudart") {
            assert_eq!(succeeded(&bench.run(&[])), "libtorch 2.11.0 is in lt\n", "after kill {moment}");
            bench.assert_whole();
        } else {
            assert!(moment % 2 == 0 || !bench.path("lt").exists(), "a part of a folder after kill {moment}");
        }
    }
    assert!(killed > 0, "no call was slow enough to be killed");
    succeeded(&bench.run(&["--wheels", "wheels"]));
    bench.assert_whole();
}

#[test]
fn two_calls_at_once_make_one_folder() {
    let bench = Bench::new();
    let calls: Vec<Child> = (0..3).map(|_| bench.script(&[]).spawn().unwrap()).collect();
    for call in calls {
        succeeded(&call.wait_with_output().unwrap());
    }
    bench.assert_whole();
    assert_eq!(bench.asked("torch"), 1);
}

#[test]
fn a_damaged_or_unfinished_folder_is_noticed_and_made_again() {
    let bench = Bench::new();
    succeeded(&bench.run(&[]));
    fs::write(bench.path("lt/lib/libtorch_cpu.so"), "short").unwrap();
    let said = succeeded(&bench.run(&[]));
    assert_says(&said, &["lt/lib/libtorch_cpu.so is damaged: 5 bytes instead of 300,000"]);
    bench.assert_whole();

    fs::remove_file(bench.path("lt/include/h7.h")).unwrap();
    assert_says(&succeeded(&bench.run(&[])), &["lt/include/h7.h is missing"]);
    bench.assert_whole();

    fs::remove_file(bench.path("lt/pinned.json")).unwrap();
    assert_says(&succeeded(&bench.run(&[])), &["lt has no pinned.json"]);
    bench.assert_whole();

    fs::write(bench.path("lt/pinned.json"), "{").unwrap();
    assert_says(&succeeded(&bench.run(&[])), &["lt/pinned.json cannot be read"]);
    bench.assert_whole();

    let other =
        fs::read_to_string(bench.path("lt/pinned.json")).unwrap().replace("\"identity\": \"", "\"identity\": \"0");
    fs::write(bench.path("lt/pinned.json"), other).unwrap();
    assert_says(&succeeded(&bench.run(&[])), &["made from other wheels"]);
    bench.assert_whole();
}

#[test]
fn verify_finds_damage_that_keeps_the_size() {
    let bench = Bench::new();
    succeeded(&bench.run(&[]));
    fs::write(bench.path("lt/lib/libcudart.so"), "cudarT").unwrap();
    assert_eq!(succeeded(&bench.run(&[])), "libtorch 2.11.0 is in lt\n");
    assert_says(&succeeded(&bench.run(&["--verify"])), &["lt/lib/libcudart.so is damaged"]);
    bench.assert_whole();
}

#[test]
fn another_wheel_than_the_pinned_one_is_refused_and_named() {
    let bench = Bench::new();
    let said = refused(&bench.script(&[]).env("PIP_MOOD", "tampered:runtime").output().unwrap());
    assert_says(&said, &["runtime 1.0 is not the pinned wheel", "its SHA-256 is", "nothing was unpacked"]);
    let said = refused(&bench.script(&[]).env("PIP_MOOD", "short:runtime").output().unwrap());
    assert_says(&said, &["it has 100 bytes"]);
    assert!(!bench.path("lt").exists());

    let wheel = bench.path("wheels/runtime-1.0-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl");
    let mut bytes = fs::read(&wheel).unwrap();
    bytes[40] ^= 1;
    fs::write(&wheel, bytes).unwrap();
    let said = refused(&bench.run(&["--wheels", "wheels"]));
    assert_says(&said, &["runtime-1.0-py3-none", "is not the pinned wheel: its SHA-256 is", "Nothing was unpacked"]);
    assert!(!bench.path("lt").exists());
}

#[test]
fn a_missing_pip_is_explained() {
    let bench = Bench::new();
    // Without its site packages, Python knows of no pip.
    let mut command = Command::new(python());
    command.arg("-S").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("setup/libtorch.py"));
    command.args(["--pins", "pins.json", "--into", "lt"]);
    bench.clean(&mut command);
    let said = refused(&command.env_remove("PYTHONPATH").output().unwrap());
    assert_says(&said, &["pip", "is missing", "apt install python3-pip", "LIBTORCH"]);
}

#[test]
fn an_unreachable_index_is_explained_with_pips_own_words() {
    let bench = Bench::new();
    let said = refused(&bench.script(&[]).env("PIP_MOOD", "offline").output().unwrap());
    assert_says(&said, &["torch 1.0", "Temporary failure in name resolution", "HTTPS_PROXY", "pip config list"]);
    assert_says(&said, &["--wheels DIR", "LIBTORCH"]);
}

#[test]
fn a_full_disk_is_foreseen() {
    let bench = Bench::new();
    let pins = fs::read_to_string(bench.path("pins.json")).unwrap();
    fs::write(bench.path("pins.json"), pins.replace("\"unpacked\": 1000000", "\"unpacked\": 1000000000000000000"))
        .unwrap();
    let said = refused(&bench.run(&[]));
    assert_says(&said, &["Not enough disk space", "MB are needed", "MB are free"]);
    assert_eq!(bench.asked("torch"), 0, "it is said before anything is downloaded");
}

#[test]
fn cuda_lies_apart_and_outlives_a_new_cpu_set() {
    let bench = Bench::new();
    assert_says(&succeeded(&bench.run(&["--cuda"])), &["CUDA in lt/cuda", "NVIDIA's licences"]);
    let cuda = bench.path("lt/cuda/torch/lib/libtorch_cuda.so");
    assert!(cuda.exists() && bench.path("lt/cuda/nvidia/libblas.so").exists());
    assert!(!bench.path("lt/lib/libtorch_cuda.so").exists(), "beside the CPU libraries it would be linked");
    assert_eq!(bench.asked("torch"), 1, "both sets come out of one download");
    bench.assert_whole();

    fs::write(bench.path("lt/lib/libcudart.so"), "").unwrap();
    succeeded(&bench.run(&[]));
    bench.assert_whole();
    assert!(cuda.exists());
    assert_eq!(succeeded(&bench.run(&["--cuda"])), "libtorch 2.11.0 is in lt, CUDA in lt/cuda\n");
    assert_eq!(bench.asked("blas"), 1);
}

#[test]
fn a_cpu_call_leaves_an_interrupted_cuda_download_alone() {
    let bench = Bench::new();
    refused(&bench.script(&["--cuda"]).env("PIP_MOOD", "offline:blas").output().unwrap());
    assert_eq!(succeeded(&bench.run(&[])), "libtorch 2.11.0 is in lt\n");
    succeeded(&bench.run(&["--cuda"]));
    bench.assert_whole();
    assert_eq!(bench.asked("torch"), 1);
}

#[test]
fn a_link_is_not_replaced() {
    let bench = Bench::new();
    fs::create_dir(bench.path("mine")).unwrap();
    std::os::unix::fs::symlink(bench.path("mine"), bench.path("lt")).unwrap();
    assert_says(&refused(&bench.run(&[])), &["lt is a symbolic link", "LIBTORCH"]);
    assert_eq!(fs::read_dir(bench.path("mine")).unwrap().count(), 0);
}

/// A libtorch as a user may have it.
fn own_libtorch(bench: &Bench) -> PathBuf {
    let own = bench.path("own");
    for file in
        ["lib/libtorch_cpu.so", "lib/libc10.so", "lib/libtorch.so", "include/torch/csrc/api/include/torch/torch.h"]
    {
        let path = own.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    fs::write(own.join("build-version"), "2.11.0+cpu\n").unwrap();
    own
}

#[test]
fn a_libtorch_of_the_users_own_is_checked_and_used() {
    let bench = Bench::new();
    let own = own_libtorch(&bench);
    let run = |arguments: &[&str]| bench.script(arguments).env("LIBTORCH", &own).output().unwrap();

    assert_says(&succeeded(&run(&[])), &["libtorch 2.11.0+cpu is used from LIBTORCH="]);
    assert!(!bench.path("lt").exists(), "nothing is made beside it");
    assert_says(&refused(&run(&["--cuda"])), &["without CUDA", "unset it"]);

    fs::write(own.join("build-version"), "2.11.1\n").unwrap();
    assert_says(&succeeded(&run(&[])), &["LIBTORCH_BYPASS_VERSION_CHECK"]);

    fs::write(own.join("build-version"), "2.4.0+cu121\n").unwrap();
    assert_says(
        &refused(&run(&[])),
        &["which is version 2.4.0+cu121", "build-version", "Ablate needs 2.11.0", "unset it"],
    );

    fs::remove_file(own.join("build-version")).unwrap();
    assert_says(&refused(&run(&[])), &["no version can be found"]);

    fs::create_dir_all(own.join("include/torch/headeronly")).unwrap();
    let header = "#define TORCH_VERSION_MAJOR 2\n#define TORCH_VERSION_MINOR 11\n#define TORCH_VERSION_PATCH 0\n";
    fs::write(own.join("include/torch/headeronly/version.h"), header).unwrap();
    assert_says(&succeeded(&run(&[])), &["libtorch 2.11.0 is used"]);

    fs::remove_file(own.join("lib/libc10.so")).unwrap();
    assert_says(&refused(&run(&[])), &["it lacks lib/libc10.so"]);

    fs::remove_dir_all(&own).unwrap();
    assert_says(&refused(&run(&[])), &["which is not a folder"]);
}

#[test]
fn libtorch_named_by_cargos_configuration_is_the_one_to_make() {
    let bench = Bench::new();
    succeeded(&bench.script(&[]).env("LIBTORCH", bench.path("lt")).output().unwrap());
    bench.assert_whole();
    let said = refused(&bench.script(&[]).env("LIBTORCH", "own").output().unwrap());
    assert_says(&said, &["needs an absolute path"]);
}

#[test]
fn another_machine_is_refused() {
    let machine = Command::new("setarch").args(["i686", "uname", "-m"]).output();
    if machine.is_ok_and(|output| output.stdout == b"i686\n") {
        let bench = Bench::new();
        let script = bench.script(&[]);
        let mut command = Command::new("setarch");
        command.arg("i686").arg(script.get_program()).args(script.get_args());
        bench.clean(&mut command);
        assert_says(&refused(&command.output().unwrap()), &["Linux on x86-64", "Linux on i686", "LIBTORCH"]);
    } else {
        eprintln!("setarch cannot pretend another machine here: not tested");
    }
}
