//! The pages: rendered here, whole without a script, nothing loaded from elsewhere.

pub(crate) mod frame;
pub(crate) mod landing;
pub(crate) mod operator;
pub(crate) mod space;
