//! Weights as safetensors, one file a run, with a hash of their own inside.

use std::collections::HashMap;
use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use super::error::{Error, Result};
use super::files::{Files, read_if_there};
use crate::config::Id;
use crate::train::Weight;

/// The file of a run's weights. Its metadata name the run and the digest of its result.
pub(super) fn encode(run: Id, digest: &str, weights: &[Weight]) -> Result<Vec<u8>> {
    let wrong = |message: String| Error::Frame { action: "write weights", message };
    let mut tensors = Vec::with_capacity(weights.len());
    for weight in weights {
        let count: usize = weight.shape.iter().product();
        let dtype = match weight.bytes.len().checked_div(count) {
            Some(4) | None => Dtype::F32,
            Some(8) => Dtype::F64,
            Some(size) => return Err(wrong(format!("`{}` has numbers of {size} bytes", weight.name))),
        };
        let view = TensorView::new(dtype, weight.shape.clone(), &weight.bytes);
        tensors.push((weight.name.as_str(), view.map_err(|error| wrong(error.to_string()))?));
    }
    let metadata = HashMap::from([("blake3".to_owned(), hash(run, digest, weights))]);
    // The crate writes metadata in the order of a hash map: with one entry, the same weights are the same bytes.
    safetensors::serialize(tensors, Some(metadata)).map_err(|error| wrong(error.to_string()))
}

/// Reads the weights of a run, by name; `None` where they were not kept. `digest` is that of the run's record.
pub(super) fn read(files: &dyn Files, path: &Path, run: Id, digest: &str) -> Result<Option<Vec<Weight>>> {
    let Some(bytes) = read_if_there(files, path)? else { return Ok(None) };
    let damaged = |what: String| {
        let remedy = "Put back a copy of it; or remove it, and train the run into another --results folder with --save-weights, which gives the same weights";
        Error::damaged(path, what, remedy)
    };
    let unreadable = |error: safetensors::SafeTensorError| damaged(error.to_string());
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(unreadable)?;
    let written = header.metadata().as_ref().and_then(|metadata| metadata.get("blake3")).cloned();
    let tensors = SafeTensors::deserialize(&bytes).map_err(unreadable)?;
    let weight = |(name, view): (String, TensorView<'_>)| Weight {
        name,
        shape: view.shape().to_vec(),
        bytes: view.data().to_vec(),
    };
    let mut weights: Vec<Weight> = tensors.tensors().into_iter().map(weight).collect();
    weights.sort_by(|a, b| a.name.cmp(&b.name));
    if written.as_deref() == Some(hash(run, digest, &weights).as_str()) {
        Ok(Some(weights))
    } else {
        Err(damaged("its weights are not those that were saved with this run".into()))
    }
}

/// Of the run, its digest, and every name, shape and byte, in the order of their names.
fn hash(run: Id, digest: &str, weights: &[Weight]) -> String {
    let mut sorted: Vec<&Weight> = weights.iter().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    let mut hasher = blake3::Hasher::new();
    let mut part = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
    };
    part(run.to_string().as_bytes());
    part(digest.as_bytes());
    for weight in sorted {
        part(weight.name.as_bytes());
        part(&weight.shape.iter().flat_map(|size| (*size as u64).to_le_bytes()).collect::<Vec<u8>>());
        part(&weight.bytes);
    }
    hasher.finalize().to_hex().to_string()
}
