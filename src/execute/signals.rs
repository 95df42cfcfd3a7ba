//! Stopping: the first signal asks to, the second aborts.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1, SIGXFSZ};
use signal_hook::flag;

/// Whether execution should take no new work.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    asked: Arc<AtomicBool>,
    signal: Arc<AtomicUsize>,
}

/// Makes a file that outgrows the limit of this process an error of writing to it, instead of the end of the process.
///
/// # Errors
/// What the operating system says.
pub fn survive_limits() -> io::Result<()> {
    flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false))).map(drop)
}

impl Stop {
    /// Listens to the signals of this process: the first SIGINT, SIGTERM or SIGUSR1 asks to stop, a second SIGINT or
    /// SIGTERM ends the process at once, with the exit code 130 or 143.
    ///
    /// # Errors
    /// When the system refuses the handlers.
    pub fn on_signals() -> io::Result<Self> {
        let stop = Self::default();
        for (signal, exit_code) in [(SIGINT, 130), (SIGTERM, 143), (SIGUSR1, 143)] {
            if signal != SIGUSR1 {
                // Registered first: it looks at the flag before this very signal raises it.
                flag::register_conditional_shutdown(signal, exit_code, Arc::clone(&stop.asked))?;
            }
            flag::register_usize(signal, Arc::clone(&stop.signal), exit_code as usize)?;
            flag::register(signal, Arc::clone(&stop.asked))?;
        }
        Ok(stop)
    }

    /// Asks to stop.
    pub fn ask(&self) {
        self.asked.store(true, Ordering::SeqCst);
    }

    /// Whether anyone has asked.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }

    /// The exit code of the signal that asked, if one did: 130 for SIGINT, 143 for SIGTERM and SIGUSR1.
    #[must_use]
    pub fn exit_code(&self) -> Option<u8> {
        u8::try_from(self.signal.load(Ordering::SeqCst)).ok().filter(|&code| code != 0)
    }
}
