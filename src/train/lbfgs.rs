//! Placeholder until merged.
use tch::TchError;
pub struct Lbfgs<T>(std::marker::PhantomData<T>);
impl<T> Lbfgs<T> {
    pub fn new(_len: usize) -> Self { todo!() }
    pub fn step(&mut self, _p: &mut [T], _r: f64, _e: &mut dyn FnMut(&[T]) -> Result<(f64, Vec<T>), TchError>) -> Result<(), TchError> { todo!() }
}
