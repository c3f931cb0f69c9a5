fn main() -> std::process::ExitCode {
    farmzone::cli::main()
}
