//! A Slurm of one machine in a temporary folder: `munged`, `slurmctld` and `slurmd` as children of the test, with ports, keys
//! and logs of their own. They end with the test, however that ends.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The daemons, and the folder in which they live.
pub struct Cluster {
    folder: TempDir,
    host: String,
    munged: Option<Child>,
    slurmctld: Option<Child>,
    slurmd: Option<Child>,
}

impl Cluster {
    /// Starts one with so many processors, whose arrays have at most so many indices.
    pub fn start(processors: usize, array_size: usize) -> Self {
        let folder = tempfile::Builder::new().prefix("slurm").tempdir().unwrap();
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap().trim().to_owned();
        let mut cluster = Self { folder, host, munged: None, slurmctld: None, slurmd: None };
        cluster.configure(processors, array_size);
        let socket = cluster.path("munge.socket");
        let key = cluster.path("munge.key");
        let file = |name: &str| cluster.path(name).display().to_string();
        let mut munged = daemon("munged");
        munged
            .arg("--foreground")
            .arg(format!("--key-file={}", key.display()))
            .arg(format!("--socket={}", socket.display()))
            .args(["pid", "log", "seed"].map(|kind| format!("--{kind}-file={}", file(&format!("munge.{kind}")))));
        cluster.munged = Some(started(&mut munged, &cluster.path("munged.out")));
        until("munged listens", || socket.exists());
        cluster.start_controller();
        let mut slurmd = daemon("slurmd");
        slurmd.arg("-D").env("SLURM_CONF", cluster.configuration());
        cluster.slurmd = Some(started(&mut slurmd, &cluster.path("slurmd.out")));
        until("the node is idle", || out(&cluster.ask("sinfo", &["--noheader", "--format=%T"])).trim() == "idle");
        cluster
    }

    fn configure(&self, processors: usize, array_size: usize) {
        for folder in ["state", "spool"] {
            fs::create_dir(self.path(folder)).unwrap();
        }
        let key: Vec<u8> = (0..1024u32).map(|i| (i * 31 % 251) as u8).collect();
        fs::write(self.path("munge.key"), key).unwrap();
        let mode = |mode| std::os::unix::fs::PermissionsExt::from_mode(mode);
        fs::set_permissions(self.path("munge.key"), mode(0o400)).unwrap();
        let user = out(&Command::new("id").arg("-un").output().unwrap()).trim().to_owned();
        let (controller, node) = free_ports();
        let (host, root) = (&self.host, self.folder.path().display());
        // A requeued job may begin again after the life of a credential; by itself that is two minutes.
        let text = format!(
            "ClusterName=test\nSlurmctldHost={host}(127.0.0.1)\nSlurmctldPort={controller}\nSlurmdPort={node}\n\
             SlurmUser={user}\nSlurmdUser={user}\nAuthType=auth/munge\nCredType=cred/munge\n\
             AuthInfo=socket={root}/munge.socket,cred_expire=5\n\
             StateSaveLocation={root}/state\nSlurmdSpoolDir={root}/spool\n\
             SlurmctldPidFile={root}/slurmctld.pid\nSlurmdPidFile={root}/slurmd.pid\n\
             SlurmctldLogFile={root}/slurmctld.log\nSlurmdLogFile={root}/slurmd.log\n\
             ProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\nJobAcctGatherType=jobacct_gather/none\n\
             AccountingStorageType=accounting_storage/none\nSwitchType=switch/none\nMpiDefault=none\n\
             SelectType=select/cons_tres\nSelectTypeParameters=CR_Core\nReturnToService=2\nKillWait=10\n\
             SlurmdParameters=config_overrides\nMaxArraySize={array_size}\n\
             SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0\n\
             NodeName={host} NodeAddr=127.0.0.1 CPUs={processors} RealMemory=64000\n\
             PartitionName=main Nodes={host} Default=YES State=UP MaxTime=INFINITE\n"
        );
        fs::write(self.configuration(), text).unwrap();
    }

    /// Starts `slurmctld`, for the first time or again.
    pub fn start_controller(&mut self) {
        let mut slurmctld = daemon("slurmctld");
        slurmctld.arg("-D").env("SLURM_CONF", self.configuration());
        self.slurmctld = Some(started(&mut slurmctld, &self.path("slurmctld.out")));
        until("slurmctld answers", || self.ask("scontrol", &["ping"]).stdout.windows(2).any(|pair| pair == b"UP"));
    }

    /// Ends `slurmctld`, which saves what it knows.
    pub fn stop_controller(&mut self) {
        stop(self.slurmctld.take());
    }

    /// A path below its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn configuration(&self) -> PathBuf {
        self.path("slurm.conf")
    }

    /// A program that finds this Slurm.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("SLURM_CONF", self.configuration()).stdin(Stdio::null());
        command
    }

    /// What one of Slurm's programs answers.
    pub fn ask(&self, program: &str, arguments: &[&str]) -> Output {
        self.command(program).args(arguments).output().unwrap()
    }

    /// What the logs of the daemons end with, for a test that fails.
    pub fn logs(&self) -> String {
        let last = |name: &str| {
            let text = String::from_utf8_lossy(&fs::read(self.path(name)).unwrap_or_default()).into_owned();
            let lines: Vec<&str> = text.lines().collect();
            format!("{name}:\n{}\n", lines[lines.len().saturating_sub(30)..].join("\n"))
        };
        ["slurmctld.log", "slurmd.log", "slurmctld.out", "slurmd.out", "munged.out"].map(last).concat()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.logs());
        }
        // What is left of jobs first: nobody would end it once the daemons have gone.
        let jobs = out(&self.ask("squeue", &["--noheader", "--format=%A"]));
        let jobs: Vec<&str> = jobs.lines().map(str::trim).filter(|job| !job.is_empty()).collect();
        if !jobs.is_empty() {
            self.ask("scancel", &jobs);
            let end = Instant::now() + Duration::from_secs(20);
            while Instant::now() < end && !out(&self.ask("squeue", &["--noheader"])).trim().is_empty() {
                sleep(Duration::from_millis(200));
            }
        }
        for daemon in [self.slurmd.take(), self.slurmctld.take(), self.munged.take()] {
            stop(daemon);
        }
    }
}

/// A daemon that ends when the test does, even where that is killed.
fn daemon(program: &str) -> Command {
    let mut command = Command::new("setpriv");
    let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap());
    command.args(["--pdeathsig", "TERM", program]).env("PATH", path);
    command
}

fn started(command: &mut Command, log: &Path) -> Child {
    let log = fs::File::create(log).unwrap();
    command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().expect("setpriv starts")
}

/// Ends a daemon by its process id, first as one should.
fn stop(child: Option<Child>) {
    let Some(mut child) = child else { return };
    let _ = Command::new("kill").arg(child.id().to_string()).status();
    let end = Instant::now() + Duration::from_secs(15);
    while Instant::now() < end {
        if child.try_wait().unwrap().is_some() {
            return;
        }
        sleep(Duration::from_millis(50));
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// Waits until something is so, for a minute.
pub fn until(what: &str, is: impl Fn() -> bool) {
    until_within(Duration::from_mins(1), what, is);
}

/// Waits until something is so.
pub fn until_within(time: Duration, what: &str, mut is: impl FnMut() -> bool) {
    let end = Instant::now() + time;
    while !is() {
        assert!(Instant::now() < end, "waited {time:?} in vain: {what}");
        sleep(Duration::from_millis(200));
    }
}

/// Two ports that nobody has now.
fn free_ports() -> (u16, u16) {
    let free = || TcpListener::bind("127.0.0.1:0").unwrap();
    let (a, b) = (free(), free());
    (a.local_addr().unwrap().port(), b.local_addr().unwrap().port())
}

/// What a program has printed.
pub fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What it has printed to standard error.
pub fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
