//! The shared object is to need the C library only: the unwinder comes from libgcc's static half.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|found| found == value);
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        println!("cargo::rustc-cdylib-link-arg=-static-libgcc");
        // It stands before what rustc names, so that nothing is left that the shared half would be needed for.
        println!("cargo::rustc-cdylib-link-arg=-Wl,--as-needed");
        println!("cargo::rustc-cdylib-link-arg=-l:libgcc_eh.a");
    }
}
