//! Where a sweep is trained: what was asked for, where that keeps what the sweep asks for itself.

use super::exit::Misuse;
use super::{mention, style};
use crate::config::{Numerics, Setting};
use crate::sweep::{Diagnostic, Entry, Place, Sweep, Written};
use crate::train::{Choice, Device};

/// The devices to train a sweep on, at least one. Where it asks for the same bits on every processor, which no GPU gives, it
/// is trained on the processor unless a GPU was asked for by name.
///
/// # Errors
/// [`crate::sweep::Invalid`] with the place in the sweep file, where a GPU was asked for and cannot keep the promise; and
/// [`crate::train::NoCuda`].
pub fn devices(sweep: &Sweep, choice: Choice) -> anyhow::Result<Vec<Device>> {
    let cpu = Choice::Device(Device::Cpu);
    match (portable(sweep), choice) {
        (None, _) => Ok(choice.resolve()?),
        (Some(_), Choice::Auto) => {
            if Choice::Cuda.resolve().is_ok() {
                mention!(
                    "`numerics: portable` is trained on the processor: a GPU does not give the same bits as others"
                );
            }
            Ok(cpu.resolve()?)
        }
        (Some(_), choice) if choice == cpu => Ok(cpu.resolve()?),
        (Some(place), _) => {
            let message =
                "`numerics: portable` asks for the same bits on every processor, and a GPU does not give them";
            let hint = "train it with --device cpu, or ask for `numerics: fast`";
            Err(sweep.invalid(vec![Diagnostic::new(place, message).hint(hint)]).into())
        }
    }
}

/// Refuses to train runs again on a device that cannot keep what they ask for.
pub fn refuse_portable(portable: usize, devices: &[Device]) -> Result<(), Misuse> {
    if portable == 0 || devices.iter().all(|device| *device == Device::Cpu) {
        return Ok(());
    }
    let runs = style::counted(portable as u64, "run");
    Err(Misuse(format!(
        "{runs} asked for `numerics: portable`, the same bits on every processor, and a GPU does not give them: leave --device out"
    )))
}

/// Where a sweep first asks for the same bits on every processor.
fn portable(sweep: &Sweep) -> Option<Place> {
    let is_asked = |written: &Written| Numerics::Portable.write().as_ref() == Some(&written.value);
    let of_entry =
        |entry: &Entry| (entry.parameter.name == "numerics" && is_asked(&entry.written)).then_some(entry.written.place);
    let places = sweep.grids.iter().flat_map(|grid| {
        let axes = grid.axes().filter(|axis| axis.parameter.name == "numerics");
        let listed = axes.flat_map(|axis| axis.choices.listed().unwrap_or_default());
        let included = grid.include.iter().flat_map(|point| &point.entries);
        let entries = grid.base.iter().chain(included).filter_map(of_entry);
        entries.chain(listed.filter(|written| is_asked(written)).map(|written| written.place)).collect::<Vec<_>>()
    });
    places.min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::parse;

    fn on(numerics: &str, choice: &str, overrides: &[&str]) -> Result<Vec<Device>, String> {
        let text = format!("version: 1\nname: x\nbase: {{epochs: 2}}\n{numerics}\n");
        let overrides: Vec<String> = overrides.iter().map(ToString::to_string).collect();
        let sweep = parse(&text, "x.yaml", &overrides).unwrap();
        devices(&sweep, choice.parse().unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn no_gpu_trains_what_has_to_be_the_same_on_every_processor() {
        let written = [
            "grid: {numerics: [fast, portable]}",
            "grids: {a: {base: {numerics: portable}}}",
            "include: [{numerics: portable}]",
            "zip: {both: {numerics: [fast, portable], depth: [1, 2]}}",
        ];
        for numerics in written {
            let place = format!("x.yaml:4:{}", numerics.find("portable").unwrap() + 1);
            assert_eq!(on(numerics, "cpu", &[]), Ok(vec![Device::Cpu]));
            assert_eq!(on(numerics, "auto", &[]), Ok(vec![Device::Cpu]));
            for device in ["cuda", "cuda:1", "cpu-tensors"] {
                let error = on(numerics, device, &[]).unwrap_err();
                assert!(error.starts_with(&format!("{place}: `numerics: portable` asks for")), "{error}");
            }
            // What the command line says goes before the file.
            assert_eq!(on(numerics, "cpu-tensors", &["numerics=fast"]), Ok(vec![Device::CpuTensors]));
        }
        assert_eq!(on("grid: {numerics: [fast]}", "cpu-tensors", &[]), Ok(vec![Device::CpuTensors]));
        let error = on("", "cuda", &["numerics=portable"]).unwrap_err();
        assert!(error.starts_with("command line:1:10: "), "{error}");
    }

    #[test]
    fn a_verification_keeps_to_it_too() {
        assert!(refuse_portable(0, &[Device::Cuda(0)]).is_ok() && refuse_portable(3, &[Device::Cpu]).is_ok());
        let error = refuse_portable(3, &[Device::Cuda(0), Device::Cuda(1)]).unwrap_err();
        assert!(error.to_string().starts_with("3 runs asked for `numerics: portable`"), "{error}");
    }
}
